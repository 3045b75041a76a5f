"""Reports that are printed: what a branch did in a month."""
