"""Pictures from people's phones: what their files carry, how large they are, and how they are made harmless."""
