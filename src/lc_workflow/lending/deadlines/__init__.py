"""How long each stage may take, as the institution says."""
