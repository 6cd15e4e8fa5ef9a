"""`make newcomer`: the path of somebody who has only the repository, timed."""
