"""Pictures from people's phones: what their files contain, how large they are, and how they are cleaned."""
