"""The life of an alert after rules have decided it: who has it, who is told, what is kept quiet."""
