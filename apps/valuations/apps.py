"""Registration of the app; after each migration (and each flush) the known sources of prices are written."""

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class ValuationsConfig(AppConfig):
    """apps.valuations."""

    name = "apps.valuations"
    default = True

    def ready(self) -> None:
        """Have the sources written where the tables are; give the search its prices."""
        from apps.valuations.search import plug_in

        plug_in()
        post_migrate.connect(_plant_sources, sender=self)


def _plant_sources(*, using: str, apps: Apps = installed, **_: object) -> None:
    from apps.valuations.sources import plant

    try:
        plant(apps, using)
    except LookupError:  # migrated back to before the app had tables
        return
