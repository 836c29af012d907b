"""Third-party tables and generated schemas shipped with the package."""
