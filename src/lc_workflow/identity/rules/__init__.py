"""Rules of identity: roles and what they grant, statuses, passwords, lockout."""
