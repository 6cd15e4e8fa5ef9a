"""Market data and fair value."""
