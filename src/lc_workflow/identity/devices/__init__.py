"""Devices: where people are signed in, and how they or an administrator end it."""
