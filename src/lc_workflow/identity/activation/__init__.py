"""Activation: how somebody who was given an account comes by their own password."""
