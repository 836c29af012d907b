"""Rules that need code; all others are declarative."""
