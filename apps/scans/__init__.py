"""From photographs to confirmed items."""
