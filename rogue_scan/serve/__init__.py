"""Vetting behind an HTTP API: the same engine and ledger as the fleet's."""
