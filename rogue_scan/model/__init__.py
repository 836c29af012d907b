"""The value types of the report."""
