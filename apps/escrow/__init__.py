"""Held money: ledger, payments, disputes."""
