"""Thousands of apps: engines, ledger, store."""
