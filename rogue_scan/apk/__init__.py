"""The app scanner: packages to facts to findings."""
