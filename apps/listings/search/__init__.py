"""Search over what is for sale: what was asked (asking), what its words mean (meaning), results, facets, saved searches.

The rows that it reads are kept by the database (migration 0003). docs/listings.md tells how it stays quick.
"""
