"""Checking out a cart: one confirmation, then a trade and a payment for each seller."""
