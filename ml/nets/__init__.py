"""Architectures in torch: needed for training and for serving on a GPU."""
