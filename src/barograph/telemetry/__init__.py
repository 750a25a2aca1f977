"""Our own metrics and logging, below every room. Instances are passed in; nothing here is global."""
