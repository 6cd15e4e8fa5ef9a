"""Who may use which route: items, imports and exports, the portfolio."""

from tests.routes.kinds import INVENTORY, MEMBER, OWNER, READ, Route, pk

WEB = {
    "inventory": Route(MEMBER),
    "binder-new": Route(MEMBER, "post"),
    "inventory-add": Route(MEMBER, about={"variant": "variant"}),
    "item": Route(OWNER, about=pk("item")),
    "item-photo": Route(OWNER, "post", pk("item")),
    "item-photo-remove": Route(OWNER, "post", {"pk": "item", "photo": "item_photo"}),
    "item-remove": Route(OWNER, "post", pk("item")),
    "import-new": Route(MEMBER),
    "export": Route(MEMBER),
    "export-file": Route(MEMBER),
    "import": Route(OWNER, about=pk("inventory_import")),
    "import-line": Route(OWNER, about={**pk("inventory_import"), "number": "line_number"}),
    **{
        f"import-{step}": Route(OWNER, "post", pk("inventory_import"))
        for step in ("read", "add", "cancel", "undo", "map", "dismiss")
    },
    "portfolio": Route(MEMBER),
    "portfolio-progress": Route(MEMBER),
    "portfolio-work-out": Route(MEMBER, "post"),
}  # fmt: skip
REST = {
    "api-inventory": Route(MEMBER, scope=READ),
    "api-item": Route(OWNER, "delete", pk("item"), INVENTORY),
    "api-imports": Route(MEMBER, scope=READ),
    "api-import": Route(OWNER, about=pk("inventory_import"), scope=READ),
    "api-import-lines": Route(OWNER, about=pk("inventory_import"), scope=READ),
    "api-import-line": Route(OWNER, "patch", {**pk("inventory_import"), "line": "line_number"}, INVENTORY),
    **{
        f"api-import-{step}": Route(OWNER, "post", pk("inventory_import"), INVENTORY)
        for step in ("read", "add", "cancel", "undo")
    },
    "api-exports": Route(MEMBER, scope=READ),
    "api-export": Route(MEMBER, about={"layout": "layout"}, scope=READ),
    "api-portfolio": Route(MEMBER, scope=READ),
    "api-portfolio-history": Route(MEMBER, scope=READ),
    "api-portfolio-holdings": Route(MEMBER, scope=READ),
    "api-portfolio-allocation": Route(MEMBER, scope=READ),
    "api-portfolio-movers": Route(MEMBER, scope=READ),
}  # fmt: skip
