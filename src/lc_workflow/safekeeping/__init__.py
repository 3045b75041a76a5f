"""Backups: one folder that holds the database and the papers of the same moment, and can be proven and put back."""
