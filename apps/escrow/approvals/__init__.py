"""Four eyes: what moves much money is written down by one moderator and carried out by another."""
