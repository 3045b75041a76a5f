"""Rules of the organization."""
