"""Importers of market data: one module per format turns it into rows; the loader alone writes."""
