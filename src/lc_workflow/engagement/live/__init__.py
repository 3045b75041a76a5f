"""The live socket: messages to people as things happen."""
