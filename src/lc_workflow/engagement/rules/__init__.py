"""Rules of engagement: how a fact is worded for the person it concerns."""
