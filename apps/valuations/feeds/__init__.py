"""Sources that are asked by themselves: one adapter each behind one protocol, and the machinery that they share."""
