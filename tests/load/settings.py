"""Production's settings, with static files collected into the run's own folder."""

from config.settings.production import *  # noqa: F403
from config.settings.production import DATA_DIR

STATIC_ROOT = DATA_DIR / "static"
