"""Conditions: what has to be done before an approved loan is paid out."""
