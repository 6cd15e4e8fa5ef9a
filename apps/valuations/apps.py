"""Registration of the app; after each migration (and each flush) the known sources of prices and their feeds are written."""

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class ValuationsConfig(AppConfig):
    """apps.valuations."""

    name = "apps.valuations"
    default = True

    def ready(self) -> None:
        """Have the sources and feeds written where the tables are; give the search its prices; subscribe to facts."""
        from apps.valuations import handlers, live  # noqa: F401
        from apps.valuations.search import plug_in

        plug_in()
        post_migrate.connect(_plant, sender=self)


def _plant(*, using: str, apps: Apps = installed, **_: object) -> None:
    from apps.valuations import sources
    from apps.valuations.feeds import registry

    try:
        sources.plant(apps, using)
        registry.plant(apps, using)
    except LookupError:  # migrated back to before the app had these tables
        return
