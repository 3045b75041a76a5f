"""How figures are drawn, in plain Python."""
