"""Upkeep: rows and bytes are brought to agree again after a process, a database or a store broke off."""
