"""REST: cards with their prices, how a price went, what moved. Reads only; no sign-in is needed."""
