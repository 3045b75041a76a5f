"""Handover: what somebody who leaves has on their desk, and how a colleague gets it."""
