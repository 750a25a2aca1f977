"""The nouns every room shares, and the protocols at the seams. Imports nothing of ours."""
