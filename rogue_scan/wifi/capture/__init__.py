"""Bytes or radios to frames."""
