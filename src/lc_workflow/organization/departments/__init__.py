"""Departments: what people work on."""
