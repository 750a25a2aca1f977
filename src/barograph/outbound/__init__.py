"""HTTP to the outside: one client for webhooks, pings and all else that leaves; addresses are checked as connected."""
