"""The vetting behind an HTTP API."""
