"""Who may use which route: the front page, health, figures for operators, the design system, the API's own documents."""

from tests.routes.kinds import PUBLIC, SIGNED, Route

WEB = {
    "home": Route(PUBLIC),
    "favicon.ico": Route(PUBLIC),
    "healthz": Route(PUBLIC),
    "readyz": Route(PUBLIC),
    "metrics": Route(SIGNED),
    "design": Route(PUBLIC),
}  # fmt: skip
REST = {
    "api-schema": Route(PUBLIC),
    "api-docs": Route(PUBLIC),
}  # fmt: skip

# Files by their unguessable names; a scan's are its owner's alone (tests/scans).
FILES = {"media", "scan-picture"}
