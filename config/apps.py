"""The project as a Django app, so that every process that sends tasks knows our Celery application."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """config."""

    name = "config"

    def ready(self) -> None:
        """Without this a web process or command would send its tasks to Celery's default broker, which is not ours.

        And handlers that join rooms which do not know each other.
        """
        import config.celery
        import config.offers
        import config.wants  # noqa: F401
        from config import observing

        observing.start()


class FlagsConfig(AppConfig):
    """waffle, for flags of our own model; its own start looks for relations to users and groups that the model does not have."""

    name = "waffle"
    default_auto_field = "django.db.models.AutoField"
