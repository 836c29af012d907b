"""Signature files and what joins them to code."""
