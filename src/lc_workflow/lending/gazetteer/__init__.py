"""The gazetteer: provinces, districts, communes and villages, with their official codes."""
