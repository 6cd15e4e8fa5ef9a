"""Signed messages to integrators' own servers."""
