"""Parts of the product that an operator can switch off at once: there for everybody until a flag of their name says otherwise.

A flag of something new is off until there is one; a part that is there already is on until there is one.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from apps.core.errors import DomainError
from apps.core.models import Flag

RINGS = "swap-rings"

PARTS = {RINGS: "Rings of three"}
"""Name of the flag, and what members read."""


class SwitchedOff(DomainError):
    """An operator has switched a part off, for all or for this member."""

    code, status, message = "SWITCHED_OFF", 403, "This part of the site is switched off for now."


def is_on(part: str, member: AbstractBaseUser) -> bool:
    """Whether that member has the part; one of PARTS."""
    flag = Flag.get(part)
    if flag.pk is None:
        return True
    return bool(flag.is_active_for_user(member) if flag.everyone is None else flag.everyone)


def check_on(part: str, member: AbstractBaseUser) -> None:
    """Raises SwitchedOff with a sentence that names the part."""
    if not is_on(part, member):
        raise SwitchedOff(f"{PARTS[part]} are switched off for now. What is under way goes on.", part=part)
