"""Who may use which route: one's data, and leaving."""

from tests.routes.kinds import KEYLESS, MEMBER, OWNER, PUBLIC, Route, pk

WEB = {
    "privacy": Route(PUBLIC),
    "my-data": Route(MEMBER),
    "data-export-ask": Route(MEMBER, "post"),
    "data-export-download": Route(OWNER, about=pk("data_export")),
    "erasure-ask": Route(MEMBER, "post"),
    "erasure-cancel": Route(MEMBER, "post"),
}  # fmt: skip
REST = {
    "api-data-export": Route(KEYLESS, "post"),
    "api-data-export-file": Route(KEYLESS, about=pk("data_export")),
    "api-erasure": Route(KEYLESS, "post"),
}  # fmt: skip
