"""The seller's desk: what is to be shipped, what is printed for it, tracking in bulk, statements and tax thresholds."""
