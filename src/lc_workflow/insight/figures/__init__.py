"""Figures of lending: how many, how long, how much, over a time and within what somebody may count."""
