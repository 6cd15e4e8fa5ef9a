"""Who may use which route: search and sets."""

from tests.routes.kinds import PUBLIC, Route

WEB = {
    "search": Route(PUBLIC),
    "search-suggest": Route(PUBLIC),
    "sets": Route(PUBLIC),
}  # fmt: skip
REST = {
    "api-sets": Route(PUBLIC),
}  # fmt: skip
