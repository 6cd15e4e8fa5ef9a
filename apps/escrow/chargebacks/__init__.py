"""Answering a bank: what speaks for the seller is collected, looked through by a moderator, and sent before it is due."""
