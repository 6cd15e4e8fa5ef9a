"""Management of the inventory."""
