"""Between keeper and front: frames with descriptors on a socket pair, and the memory both map; their processes."""
