"""Registration of the app."""

from django.apps import AppConfig
from django.core.checks import register


class RiskConfig(AppConfig):
    """apps.risk."""

    name = "apps.risk"
    default = True

    def ready(self) -> None:
        """Register the check of the weights; follow members' addresses."""
        from apps.risk import handlers  # noqa: F401
        from apps.risk.checks import weights_fit

        register(weights_fit)
