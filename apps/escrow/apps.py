"""Registration of the app."""

from django.apps import AppConfig
from django.core.checks import register


class EscrowConfig(AppConfig):
    """apps.escrow."""

    name = "apps.escrow"
    default = True

    def ready(self) -> None:
        """Register the check of the deadlines; follow what moderators decide."""
        from apps.escrow import handlers  # noqa: F401
        from apps.escrow.checks import deadlines_end_in_time

        register(deadlines_end_in_time)
