"""Grading from a photograph: centering measured, wear found by a net, both turned into subgrades with a range."""
