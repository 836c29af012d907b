"""What an input is, by content, and how to open it."""
