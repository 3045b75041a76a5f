"""Reckoning: the deadlines of open work, when a branch turns out to be at work at other times."""
