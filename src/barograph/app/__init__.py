"""The composition root: the only place that builds the object graph, of the keeper and of the front."""
