"""Quotes: what a loan would cost and when, told before anybody signs."""
