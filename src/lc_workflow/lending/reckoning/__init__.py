"""Reckoning: recalculating the deadlines of open work when a branch's working hours change."""
