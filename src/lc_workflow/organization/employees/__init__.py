"""Employees: field staff by code, with or without an account."""
