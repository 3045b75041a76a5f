"""Assignments: the employees who look after an application."""
