"""A world to look at: facts, drawn cards, people, trades."""
