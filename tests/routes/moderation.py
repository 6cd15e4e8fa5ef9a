"""Who may use which route: the moderators' pages."""

from tests.routes.kinds import MEMBER, MODERATOR, Route, pk

WEB = {
    "seeing-end": Route(MEMBER, "post"),
    "admin:reports": Route(MODERATOR),
    "admin:report": Route(MODERATOR, about=pk("report")),
    "admin:checks": Route(MODERATOR),
    "admin:approvals": Route(MODERATOR),
    "admin:see-as": Route(MODERATOR, about=pk("owner")),
    "admin:check": Route(MODERATOR, about=pk("check")),
    "admin:risk-rules": Route(MODERATOR),
    "admin:index": Route(MODERATOR),
    "admin:cases": Route(MODERATOR),
    "admin:case-figures": Route(MODERATOR),
    "admin:case": Route(MODERATOR, about=pk("dispute")),
    "admin:feeds": Route(MODERATOR),
    "admin:figures": Route(MODERATOR),
    "admin:protection": Route(MODERATOR),
    "admin:search": Route(MODERATOR),
    "admin:jsi18n": Route(MODERATOR),
}  # fmt: skip

ADMIN_OWN = {
    "admin:approval",  # by POST alone: tests/escrow/test_approvals.py
    "admin:accounts_user_see_as",  # leads to admin:see-as: tests/moderation/test_seeing.py
    "admin:escrow_hold_give_back",  # their own tests: tests/escrow/test_operating.py
    "admin:escrow_ledgeraccount_forgive",
    "admin:escrow_chargeback_answer",  # tests/escrow/test_chargeback_answers.py
    "admin:escrow_reconciliationrun_compare_everything",  # its own tests: tests/escrow/reconciling
    "admin:login",
    "admin:logout",
    "admin:autocomplete",
    "admin:view_on_site",
    "admin:app_list",
    "admin:password_change_done",
}
