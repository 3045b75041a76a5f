"""The library: folders, and the files in them."""
