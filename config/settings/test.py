"""Tests: throw-away servers shared by one run, quick hashing, mail in memory; nothing else is loosened."""

import os
import tempfile
from pathlib import Path

from config.embedded import attach

# The first process of a run starts the servers; xdist's workers inherit their addresses through the environment.
if "CARDVAULT_TEST_DIR" not in os.environ:
    os.environ["CARDVAULT_TEST_DIR"] = tempfile.mkdtemp(prefix="cv-")
    os.environ["CARDVAULT_DATA_DIR"] = os.environ["CARDVAULT_TEST_DIR"]
    _servers = attach(Path(os.environ["CARDVAULT_TEST_DIR"]), ephemeral=True)
    os.environ["DATABASE_URL"] = _servers.database_url
    os.environ["REDIS_URL"] = _servers.redis_url
    # what the shell that runs them has set for a demo or a site
    _OF_A_SITE = (
        "STRIPE_",
        "SITE_",
        "EMAIL_",
        "S3_",
        "MEDIA_",
        "CACHE_",
        "LIVE_",
        "OIDC_",
        "BACKUP_",
        "METRICS_",
        "OTEL_",
        "SENTRY_",
    )
    for _name in [name for name in os.environ if name.startswith(_OF_A_SITE)]:
        del os.environ[_name]

from config.settings.base import *  # noqa: F403
from config.settings.base import CACHES, CHANNEL_LAYERS, DATABASES, REDIS_URL

# One Redis database per xdist worker.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15
_path = REDIS_URL.removeprefix("unix://").split("?")[0]
CACHES["default"]["LOCATION"] = f"unix://{_path}?db={_worker}"
CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [f"unix://{_path}?db={_worker}"]
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = f"test{_worker}"
LIVE_REDIS_URL = f"unix://{_path}?db={_worker}"
LIVE_PREFIX = f"live{_worker}"
CELERY_BROKER_URL = f"redis+socket://{_path}?virtual_host={_worker}"
DATABASES["default"]["OPTIONS"].pop("pool")

SECRET_KEY = "only-for-tests-" * 4
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SERVESTATIC_USE_FINDERS = True
SERVE_MEDIA = True
STRIPE_SECRET_KEY = "sk_test_sandbox"  # noqa: S105 - the sandbox's
STRIPE_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105 - the sandbox's
LOGGING = {"format": "console", "level": "WARNING"}
RISK_MODE = "off"  # members of tests share cards, addresses and hours; the tests of risk switch it on
STAFF_SECOND_FACTOR = False
API_RATE_PER_HOUR = 100_000
API_RATE_PER_MINUTE = 100_000
MODEL_VERSIONS_KEPT_SECONDS = 0
