"""What may be fraud: who shares what with whom, how fast things happen, reasons with weights, checks by moderators.

Knows members alone: rooms below tell it what happens and hold what has to wait.
"""
