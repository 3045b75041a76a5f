"""Dossiers: all that is known of one application, as one document for an auditor."""
