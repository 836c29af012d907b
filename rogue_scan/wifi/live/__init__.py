"""Live radios: what the hardware can do, where to listen, and how to leave it as it was."""
