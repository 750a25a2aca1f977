"""Text -> tokens -> a checked tree, with positions on every node."""
