"""The rows' base, their column types, and the engine that reaches them."""
