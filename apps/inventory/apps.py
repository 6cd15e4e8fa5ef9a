"""Registration of the app."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """apps.inventory."""

    name = "apps.inventory"
    default = True

    def ready(self) -> None:
        """Register what is followed live; tell the worker of the portfolio's task, and valuations which grades members own."""
        from apps.inventory import live  # noqa: F401
        from apps.inventory.grades import held_grades
        from apps.inventory.portfolio import tasks  # noqa: F401
        from apps.valuations.evidence import GRADES_ASKED

        GRADES_ASKED.append(held_grades)
