"""Backing: the guarantors, co-borrowers and collateral behind an application, as rows."""
