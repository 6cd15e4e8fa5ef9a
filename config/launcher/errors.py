"""What stops a start."""


class CannotStart(Exception):
    """A start is impossible; the text is one line that says why and what to do."""
