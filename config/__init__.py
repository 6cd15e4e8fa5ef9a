"""Project configuration. `celery -A config` finds its application here, without loading it for everybody else."""


def __getattr__(name: str) -> object:
    if name in {"celery", "app"}:
        from config.celery import app

        return app
    raise AttributeError(name)
