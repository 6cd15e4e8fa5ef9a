"""Bargaining: a buyer offers a price for copies of a listing, the sides counter, and agree on a price or not."""
