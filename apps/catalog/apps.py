"""Registration of the app; after each migration (and each flush) the category tree is planted."""

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    """apps.catalog."""

    name = "apps.catalog"
    default = True

    def ready(self) -> None:
        """Have the tree planted where the tables are."""
        post_migrate.connect(_plant_categories, sender=self)


def _plant_categories(*, using: str, apps: Apps = installed, **_: object) -> None:
    from apps.catalog.categories import plant

    try:
        plant(apps, using)
    except LookupError:  # migrated back to before the app had tables
        return
