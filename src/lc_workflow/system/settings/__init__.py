"""Settings: what an administrator may adjust without a deploy."""
