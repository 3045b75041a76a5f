"""Recognition: whether an identity number is known already, asked while an application is filled in."""
