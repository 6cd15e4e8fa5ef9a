"""Whom a member wants nothing to do with: the list, what changes it, and how other rooms ask."""
