"""Expression text -> matrices. Sees storage only as the `Querier` protocol; does no I/O of its own."""
