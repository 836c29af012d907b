"""One module for each stateful rule."""
