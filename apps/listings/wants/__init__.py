"""Wants and haves: lists of wanted cards, what members would trade away, and the offers that match them."""
