"""What is said of a route: who may use it, how it is asked, and about which thing of the world."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.accounts.models import Scope

PUBLIC, MEMBER, OWNER, PARTY, MODERATOR = "public", "member", "owner", "party", "moderator"
SIGNED = "signed"  # no person at all: the payment company by its signature, Prometheus by its token
KEYLESS = "keyless"  # over REST: signed in by password, never by an API key


@dataclass(frozen=True)
class Route:
    """Who may use a route, by which method, and which thing of the world it is asked about."""

    who: str
    method: str = "get"
    about: dict[str, str] = field(default_factory=dict)
    scope: str = ""
    moderators: bool = False  # moderators may look although it is not theirs
    visitors: bool = False  # visitors may have one of their own, kept by their session


def pk(name: str) -> dict[str, str]:
    return {"pk": name}


READ, INVENTORY, LISTINGS, TRADES = Scope.READ, Scope.INVENTORY, Scope.LISTINGS, Scope.TRADES
ALERTS = Scope.ALERTS
