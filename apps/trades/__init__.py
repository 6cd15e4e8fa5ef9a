"""Purchases and swaps between two people."""
