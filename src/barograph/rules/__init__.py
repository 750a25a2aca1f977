"""Rule files: what Prometheus' recording and alerting rules are, and what is wrong with a file of them."""
