"""The back-test: what fair value would have said on past days from what was known then, against what came next.

series.py reads prices, measure.py asks and scores. Neither is used to value anything.
"""
