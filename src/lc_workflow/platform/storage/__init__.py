"""Where files are kept: one protocol, an S3 store or a local folder behind it, and how their content is told apart."""
