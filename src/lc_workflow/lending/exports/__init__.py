"""Exports: applications as files for spreadsheets."""
