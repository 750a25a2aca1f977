"""HTTP and nothing else: the server, its routes, the guard before them, the live stream, and the built page."""
