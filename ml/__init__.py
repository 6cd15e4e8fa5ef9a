"""Card recognition in plain Python: find, straighten, describe, read, verify, fuse, grade. Knows no app and no framework."""
