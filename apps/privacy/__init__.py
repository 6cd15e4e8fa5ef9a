"""What CardVault keeps about a person: given to them whole, forgotten when they go, and never kept longer than needed."""
