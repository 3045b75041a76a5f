"""Comments: what people say to each other about an application."""
