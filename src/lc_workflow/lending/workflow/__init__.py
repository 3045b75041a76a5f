"""The workflow: the one engine that moves an application."""
