"""Webhooks: other systems that are called when something happens to an application."""
