"""Approval matrices: who has to agree to which loan, in versions."""
