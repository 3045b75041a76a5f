"""Profile photos: what people look like, shown beside their names."""
