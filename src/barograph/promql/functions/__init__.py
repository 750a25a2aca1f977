"""The function table and the implementations it names."""
