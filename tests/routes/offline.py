"""Who may use which route: the site as an app."""

from tests.routes.kinds import MEMBER, PUBLIC, Route

WEB = {
    "service-worker": Route(PUBLIC),
    "manifest": Route(PUBLIC),
    "offline": Route(PUBLIC),
    "offline-inventory": Route(PUBLIC),
    "offline-scan": Route(PUBLIC),
    "offline-self": Route(MEMBER),
    "offline-items": Route(MEMBER),
}  # fmt: skip
