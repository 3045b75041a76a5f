"""Holdings: the roles and rights of one person, given and denied, for good or for a time."""
