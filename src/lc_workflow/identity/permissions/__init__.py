"""Permissions: the rights there are, the roles that hold them, and the matrix of both."""
