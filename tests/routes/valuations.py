"""Who may use which route: prices and how they are found."""

from tests.routes.kinds import PUBLIC, Route, pk

WEB = {
    "method": Route(PUBLIC),
    "movers": Route(PUBLIC),
}  # fmt: skip
REST = {
    "api-cards-search": Route(PUBLIC),
    "api-card": Route(PUBLIC, about=pk("product")),
    "api-price-history": Route(PUBLIC, about=pk("product")),
    "api-trending": Route(PUBLIC),
    "api-cards-lookup": Route(PUBLIC, "post"),
    "api-price-sources": Route(PUBLIC),
    "api-set": Route(PUBLIC, about=pk("release")),
}  # fmt: skip
