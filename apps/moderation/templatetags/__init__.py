"""Template tags of the moderators' pages."""
