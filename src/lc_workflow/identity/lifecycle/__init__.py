"""Lifecycle: how people come into the company's accounts, are let in again, and leave."""
