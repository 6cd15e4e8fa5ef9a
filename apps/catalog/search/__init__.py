"""Search over the catalogue: what was typed (meaning), the facets that are chosen (conditions) and their counts (facets),
the orders of results (sorting), and a page of them (results).
"""
