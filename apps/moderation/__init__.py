"""The moderators' workplace."""
