"""One machine: the embedded servers unless others are named, readable logs, keys made in the data folder."""

from config.embedded import attach
from config.keys import secret_key
from config.settings.base import *  # noqa: F403
from config.settings.base import CACHES, CHANNEL_LAYERS, DATA_DIR, ENV, STORAGES, database, redis_places

DEBUG = False
SECRET_KEY = ENV.secret_key or secret_key(DATA_DIR)
ALLOWED_HOSTS = [host for host in ENV.allowed_hosts.split(",") if host] or ["127.0.0.1", "localhost", "[::1]"]

if not (ENV.database_url and ENV.redis_url):
    _embedded = attach(DATA_DIR)
    DATABASES = {"default": database(ENV.database_url or _embedded.database_url)}
    REDIS_URL = ENV.redis_url or _embedded.redis_url
    _redis = redis_places(ENV, REDIS_URL)
    CACHES["default"]["LOCATION"] = _redis["cache"]
    CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = _redis["live"].split(",")
    LIVE_REDIS_URL = _redis["live"]
    CELERY_BROKER_URL = _redis["tasks"]

STORAGES |= {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# The demo's moderators sign in by password alone, unless the setting is given.
STAFF_SECOND_FACTOR = "staff_second_factor" in ENV.model_fields_set and ENV.staff_second_factor
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = False
SERVE_MEDIA = True
LOG_FORMAT = ENV.log_format or "console"
LOGGING = {"format": LOG_FORMAT, "level": ENV.log_level}
