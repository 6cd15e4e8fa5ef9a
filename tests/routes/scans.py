"""Who may use which route: photos and their review."""

from tests.routes.kinds import INVENTORY, MEMBER, OWNER, PUBLIC, READ, Route, pk

WEB = {
    "scan-new": Route(PUBLIC),
    "scan": Route(OWNER, about=pk("scan"), visitors=True),
    "scan-confirm": Route(OWNER, "post", pk("scan"), visitors=True),
    "scan-progress": Route(OWNER, about=pk("scan"), visitors=True),
    "scan-again": Route(OWNER, "post", pk("scan"), visitors=True),
    "scan-card": Route(OWNER, about=pk("scan_card"), visitors=True),
}  # fmt: skip
REST = {
    "api-scans": Route(MEMBER, "post", scope=INVENTORY),
    "api-scan": Route(OWNER, "get", pk("scan"), READ),
    "api-scan-confirm": Route(OWNER, "post", pk("scan"), INVENTORY),
    "api-scan-card": Route(OWNER, "patch", pk("scan_card"), INVENTORY),
}  # fmt: skip
