"""Engines that find cards in a photo."""
