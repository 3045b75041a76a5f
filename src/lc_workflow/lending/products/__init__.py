"""Products: what the institution lends, in versions that never change once they are published."""
