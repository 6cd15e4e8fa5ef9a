"""What can go wrong, said for the reader. `problems.py` alone turns these into HTTP."""

from __future__ import annotations


class DomainError(Exception):
    """A rule was broken or a thing is not there. Subclasses set `code`, `status` and a default `message`."""

    code = "INVALID"
    status = 400
    message = "That cannot be done."

    def __init__(self, message: str = "", **details: object) -> None:
        self.message = message or type(self).message
        self.details = details
        super().__init__(self.message)


class BadCredentials(DomainError):
    """What should prove who somebody is does not."""

    code, status, message = "BAD_CREDENTIALS", 401, "That does not show who you are."


class NotFound(DomainError):
    """There is no such thing, or the reader may not know of it."""

    code, status, message = "NOT_FOUND", 404, "There is no such thing here, or it is not yours to see."


class NotYours(DomainError):
    """The thing belongs to somebody else."""

    code, status, message = "NOT_YOURS", 403, "This belongs to somebody else."


class Conflict(DomainError):
    """The thing is no longer in the state that the action needs."""

    code, status, message = "CONFLICT", 409, "Something changed in the meantime. Look again and decide anew."


class InvalidInput(DomainError):
    """The input cannot be used; `details` names the fields."""

    code, status, message = "INVALID_INPUT", 400, "Some of what you entered cannot be used."


class TooLarge(DomainError):
    """An upload is over a limit."""

    code, status, message = "TOO_LARGE", 413, "The file is too large."


class UnsupportedType(DomainError):
    """An upload is not a kind of file that we take."""

    code, status, message = "UNSUPPORTED_TYPE", 415, "This kind of file is not supported."
