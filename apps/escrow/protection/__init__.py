"""What purchase protection did: the published figures of held money, by month and currency, read from the ledger."""
