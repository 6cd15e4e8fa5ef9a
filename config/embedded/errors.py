"""The one error of this package."""


class EmbeddedError(Exception):
    """The embedded servers cannot be had; the text is one line for the person who started the program."""
