"""The journal: every fact written with its change, and told to the listeners after the commit."""
