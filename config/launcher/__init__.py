"""Starts everything that CardVault is on one machine, and leaves nothing behind: `python -m config.launcher`."""
