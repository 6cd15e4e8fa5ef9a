"""The catalogue: what exists, as printed."""
