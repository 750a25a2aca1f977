"""Control groups of both versions: the tree, what each group counts, and the names of containers."""
