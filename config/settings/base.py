"""Settings for production. Everything that differs by machine comes from config.env."""

import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF

from config.env import ROOT, Environment, environment
from config.keys import backup_keys, field_keys, jwt_keys
from config.settings.admin import *  # noqa: F403
from config.settings.rules import *  # noqa: F403
from config.sign_in import other_sites

ENV = environment()
if not ENV.otel_exporter_otlp_endpoint:
    # redis-py loads OpenTelemetry wherever it is installed, a fifth of a second for every process. None: it is not there.
    sys.modules.setdefault("opentelemetry", None)
DATA_DIR = ENV.cardvault_data_dir
BASE_DIR = ROOT

DEBUG = False
SECRET_KEY = ENV.secret_key
ALLOWED_HOSTS = [host.strip() for host in ENV.allowed_hosts.split(",") if host.strip()]
SITE_URL = ENV.site_url.rstrip("/") or f"http://127.0.0.1:{ENV.port}"
SITE_NAME = "CardVault"
FIELD_KEYS = field_keys(ENV)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "apps.core.problems.csrf_failure"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "apps.moderation.apps.AdminSiteConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.apple",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "rest_framework",
    "rest_framework_simplejwt",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "channels",
    "pgvector.django",
    "config.apps.FlagsConfig",
    "apps.core",
    "apps.backups",
    "apps.accounts",
    "apps.live",
    "apps.risk",
    "apps.catalog",
    "apps.valuations",
    "apps.inventory",
    "apps.scans",
    "apps.listings",
    "apps.listings.cart",
    "apps.listings.wants",
    "apps.escrow",
    "apps.alerts",
    "apps.trades",
    "apps.trades.checkout",
    "apps.trades.swaps",
    "apps.notifications",
    "apps.offline",
    "apps.privacy",
    "apps.moderation",
    "apps.demo",
    "config.apps.ProjectConfig",
]

MIDDLEWARE = [
    "apps.core.middleware.client_address",
    "apps.core.middleware.probes_by_any_name",
    "apps.core.middleware.request_id",
    "apps.core.measuring.measured",
    "apps.core.middleware.subjects",
    "apps.core.headers.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.static_files.static_files",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "apps.accounts.consent.middleware.ask_again",
    "apps.moderation.seeing.SeeingAs",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.sessions.middleware.last_use",
    "apps.accounts.sessions.middleware.forget_at_the_end",
    "apps.accounts.middleware.staff_gate",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.rate_limit_headers",
    "apps.core.middleware.problems",
    "apps.risk.middleware.origin",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.site",
                "apps.listings.cart.context.cart_count",
                "apps.notifications.context.unread",
            ],
            "builtins": [f"apps.core.templatetags.{name}" for name in ("cardvault", "drawn", "addresses")],
        },
    },
]


def database(url: str) -> dict[str, object]:
    """Django's settings for a PostgreSQL URL; `?host=/folder` names a Unix socket.

    A process has at most 20 connections. When more requests come than that, the rest wait in line, as long as proxies
    commonly do: 200 members at once on a slow machine are answered late rather than turned away.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {**query, "pool": {"min_size": 0, "max_size": 20, "timeout": 60}},
        "CONN_HEALTH_CHECKS": True,
    }


def redis_forms(url: str) -> dict[str, str]:
    """The same Redis as redis-py, Celery and Channels each want to read it."""
    if url.startswith("unix://"):
        path = url.removeprefix("unix://").split("?")[0]
        return {"client": f"unix://{path}?db=0", "celery": f"redis+socket://{path}?virtual_host=0"}
    return {"client": url, "celery": url}


def redis_places(env: Environment, main: str) -> dict[str, str]:
    """Where tasks wait (in Celery's form), where cache and counters lie, and where live pages meet: one Redis or several."""
    return {
        "tasks": redis_forms(main)["celery"],
        "cache": redis_forms(env.cache_redis_url or main)["client"],
        "live": ",".join(redis_forms(url)["client"] for url in (env.live_redis_url or main).split(",")),
    }


def backup_storage(env: Environment) -> dict[str, object]:
    """Where copies of media go: s3://bucket, or a folder."""
    if not env.backup_media.startswith("s3://"):
        how = {"location": env.backup_media, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": how}
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.backup_media.removeprefix("s3://").strip("/"),
            "endpoint_url": env.backup_endpoint_url or None,
            "region_name": env.backup_region or None,
            "file_overwrite": False,
        },
    }


def media_pages(env: Environment) -> list[str]:
    """Origins that pictures come from when a bucket keeps them."""
    if not env.s3_bucket:
        return []
    # Amazon's oldest region has no part in the name.
    region = f".{env.s3_region}" if env.s3_region not in ("", "us-east-1") else ""
    bucket = urlsplit(env.s3_endpoint_url or f"https://{env.s3_bucket}.s3{region}.amazonaws.com")
    return [f"{bucket.scheme}://{bucket.netloc}", *filter(None, [env.media_cdn])]


DATABASES = {"default": database(ENV.database_url)} if ENV.database_url else {}
if ENV.pgbouncer and DATABASES:
    # What a transaction leaves in its server's session is the next one's: nothing may be left there.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = None
if ENV.database_replica_url and DATABASES:
    DATABASES["replica"] = database(ENV.database_replica_url)
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
    DATABASE_ROUTERS = ["config.replicas.Replicas"]
    MIDDLEWARE.insert(0, "config.replicas.reads")
REPLICA_LAG_SECONDS = ENV.replica_lag_seconds
REDIS_URL = ENV.redis_url
_redis = redis_places(ENV, REDIS_URL)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _redis["cache"]}}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": _redis["live"].split(",")},
    },
}

# -- live pages ------------------------------------------------------------
LIVE_REDIS_URL = _redis["live"]
LIVE_PREFIX = "live"  # of keys and channels; channels are shared by all databases of one Redis
LIVE_CONNECTIONS = ENV.live_connections

# -- Celery ----------------------------------------------------------------
CELERY_BROKER_URL = _redis["tasks"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# So long a worker that is told to end (REMAP_SIGTERM=SIGQUIT) lets its tasks finish; the others go back to their queue.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = float(ENV.worker_stop_seconds)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_MAX_MEMORY_PER_CHILD = ENV.worker_max_memory_mb * 1024 or None  # in KiB
CELERY_WORKER_MAX_TASKS_PER_CHILD = ENV.worker_max_tasks or None
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_TASK_ROUTES = {
    "apps.scans.tasks.index_references": {"queue": "feeds"},
    "apps.scans.tasks.prune_index": {"queue": "feeds"},
    "apps.scans.tasks.*": {"queue": "vision"},
    "apps.valuations.tasks.*": {"queue": "feeds"},
    "apps.inventory.tasks.carry_on_import": {"queue": "default"},
    "apps.inventory.tasks.resume_imports": {"queue": "default"},
    "apps.inventory.tasks.*": {"queue": "feeds"},
    "apps.notifications.tasks.*": {"queue": "notify"},
    "apps.backups.tasks.*": {"queue": "feeds"},
}
CELERY_BEAT_SCHEDULE = {
    "relay-outbox": {"task": "apps.core.tasks.relay_outbox", "schedule": 2.0},
    "sweep-deadlines": {"task": "apps.escrow.tasks.sweep_deadlines", "schedule": 30.0},
    "sweep-cases": {"task": "apps.escrow.tasks.sweep_cases", "schedule": 30.0},
    "settle-payments": {"task": "apps.escrow.tasks.settle_due", "schedule": 15.0},
    "seal-ledger": {"task": "apps.escrow.tasks.seal_ledger", "schedule": 15.0},
    "check-ledger": {"task": "apps.escrow.tasks.check_ledger", "schedule": crontab(minute=7, hour=5)},
    "reveal-reviews": {"task": "apps.trades.tasks.reveal_reviews", "schedule": 60.0},
    "sweep-offers": {"task": "apps.listings.tasks.sweep_offers", "schedule": 30.0},
    "sweep-swaps": {"task": "apps.trades.tasks.sweep_swaps", "schedule": 30.0},
    "ask-carriers": {"task": "apps.trades.tasks.ask_carriers", "schedule": 600.0},
    "sweep-privacy": {"task": "apps.privacy.tasks.sweep_privacy", "schedule": 60.0},
    "handle-webhooks": {"task": "apps.escrow.tasks.handle_webhooks", "schedule": 5.0},
    "fetch-missed-webhooks": {"task": "apps.escrow.tasks.fetch_missed_webhooks", "schedule": 900.0},
    "reconcile-payments": {"task": "apps.escrow.tasks.reconcile_daily", "schedule": crontab(minute=23, hour=4)},
    "resume-imports": {"task": "apps.inventory.tasks.resume_imports", "schedule": 30.0},
    "resume-scans": {"task": "apps.scans.tasks.resume_stalled", "schedule": 30.0},
    "index-references": {"task": "apps.scans.tasks.index_references", "schedule": 60.0},
    "refresh-current-prices": {"task": "apps.valuations.tasks.refresh_stale", "schedule": crontab(minute=17)},
    "warm-answers": {"task": "apps.valuations.tasks.warm_answers", "schedule": 600.0},
    "copy-media": {"task": "apps.backups.tasks.copy_media", "schedule": 600.0},
    "write-views": {"task": "apps.listings.tasks.write_views", "schedule": 60.0},
    "follow-fair-values": {"task": "apps.listings.tasks.follow_fair_values", "schedule": 300.0},
    "send-mail": {"task": "apps.notifications.tasks.send_mail", "schedule": 10.0},
    "send-push": {"task": "apps.notifications.tasks.send_push", "schedule": 10.0},
    "send-webhooks": {"task": "apps.notifications.tasks.send_webhooks", "schedule": 10.0},
    "remind-of-deadlines": {"task": "apps.notifications.tasks.remind_of_deadlines", "schedule": 300.0},
    "forget-old": {"task": "apps.privacy.tasks.forget_old", "schedule": crontab(minute=53, hour=3)},
    "run-feeds": {"task": "apps.valuations.tasks.run_due_feeds", "schedule": 60.0},
    # The bank tells a day's rates at four in its afternoon; a repeat changes nothing.
    "import-rates": {"task": "apps.valuations.tasks.import_rates", "schedule": crontab(minute=37, hour="3,9,15,21")},
    # The last round of a day is the one that stays; the others see to it that a day has one.
    "take-portfolio-days": {
        "task": "apps.inventory.tasks.take_portfolio_days",
        "schedule": crontab(minute=47, hour="5,11,17,23"),
    },
}

# -- flags (docs/deploying.md) -------------------------------------------------
WAFFLE_FLAG_MODEL = "core.Flag"
WAFFLE_ENABLE_ADMIN_PAGES = False

# -- recognition -----------------------------------------------------------
VISION_BACKEND = ENV.vision_backend
VISION_MODELS_DIR = ENV.vision_models_dir
VISION_THREADS = ENV.vision_threads
VISION_BATCH = ENV.vision_batch or (8 if VISION_BACKEND == "torch" else 1)
VISION_WAITING_PER_MEMBER = ENV.vision_waiting_per_member
VISION_WAITING = ENV.vision_waiting
TRAIN_ON_CORRECTIONS = ENV.train_on_corrections
# so soon every worker follows when a version is put into service, tried or rolled back
MODEL_VERSIONS_KEPT_SECONDS = 5.0

# -- price feeds -----------------------------------------------------------
TCGPLAYER_CLIENT_ID = ENV.tcgplayer_client_id
TCGPLAYER_CLIENT_SECRET = ENV.tcgplayer_client_secret
EBAY_CLIENT_ID = ENV.ebay_client_id
EBAY_CLIENT_SECRET = ENV.ebay_client_secret
EBAY_SALES_ALLOWED = ENV.ebay_sales_allowed
PRICECHARTING_TOKEN = ENV.pricecharting_token
BRICKLINK_CONSUMER_KEY = ENV.bricklink_consumer_key
BRICKLINK_CONSUMER_SECRET = ENV.bricklink_consumer_secret
BRICKLINK_TOKEN = ENV.bricklink_token
BRICKLINK_TOKEN_SECRET = ENV.bricklink_token_secret
QUOTES_KEPT_MONTHS = ENV.quotes_kept_months
FEEDS_ALLOW_PRIVATE = ENV.feeds_allow_private
RATES_ADDRESS = ENV.rates_address.rstrip("/")
CARRIER_ADDRESS = ENV.carrier_address
CARRIER_KEY = ENV.carrier_key
FEED_ADDRESSES = {
    "tcgplayer": "https://api.tcgplayer.com",
    "ecb": "https://www.ecb.europa.eu/stats/eurofxref",
    "tcgcsv": "https://tcgcsv.com",
    "ebay": "https://api.ebay.com",
    "cardmarket": "https://downloads.s3.cardmarket.com/productCatalog",
    "pricecharting": "https://www.pricecharting.com",
    "bricklink": "https://api.bricklink.com/api/store/v1",
}
FEED_TIMEOUT_SECONDS = 120.0  # of one answer, however large
FEED_ATTEMPTS = 5  # of one request

# -- portfolio -------------------------------------------------------------
# What a factor's full strength adds to each action; docs/portfolio.md says what the factors look at.
PORTFOLIO_SUGGESTION_WEIGHTS = {
    "market_timing": {"hold": -0.15, "sell": 0.20, "trade": 0.05},
    "trend": {"hold": 0.30, "sell": -0.20, "trade": 0.00},
    "inventory_balance": {"hold": -0.30, "sell": 0.20, "trade": 0.25},
    "demand": {"hold": 0.05, "sell": 0.25, "trade": -0.10},
    "competition": {"hold": 0.10, "sell": -0.20, "trade": 0.10},
    "effort": {"hold": 0.00, "sell": -0.30, "trade": 0.15},
    "gain": {"hold": -0.05, "sell": 0.15, "trade": 0.00},
}

# -- accounts --------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "apps.moderation.permissions.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "apps.accounts.consent.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE_URL.split(":")[0]
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_MAX_EMAIL_ADDRESSES = 3
# Wrong passwords: of one address of the network, and for one account from one device or network (see the adapter).
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/300s/key"}
# Whoever is unknown to an account may be wrong so often an hour; devices that signed in to it before are not counted.
SIGN_IN_TRIES_OF_STRANGERS = 60
MFA_ADAPTER = "apps.accounts.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "add_webauthn": "apps.accounts.forms.AddPasskeyForm",
    "authenticate_webauthn": "apps.accounts.forms.PasskeyForm",
    "login_webauthn": "apps.accounts.forms.PasskeyLoginForm",
    "reauthenticate_webauthn": "apps.accounts.forms.PasskeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Where an address without TLS is meant: this machine's own. Everywhere else a passkey answers to https alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE_URL.startswith("http://")
# A code holds for its own half minute and is taken once; with tolerance it could be taken again after that.
MFA_TOTP_TOLERANCE = 0
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = SITE_NAME
SOCIALACCOUNT_ADAPTER = "apps.accounts.social.SocialAdapter"
# Only an address that the other site has proven signs in to the account that has it.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
SOCIALACCOUNT_PROVIDERS, SOCIAL_PAGES = other_sites(ENV)
IDP_OIDC_ADAPTER = "apps.accounts.oauth.adapter.OAuthAdapter"
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 60 * 60
STAFF_SECOND_FACTOR = ENV.staff_second_factor
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

# -- REST ------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.APIKeyAuthentication",
        "apps.accounts.authentication.TokenAuthentication",
        "apps.accounts.authentication.OAuthAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.throttling.HourlyRate", "apps.core.throttling.BurstRate"],
    "EXCEPTION_HANDLER": "apps.core.problems.api_exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_RATE_PER_HOUR = ENV.api_rate_per_hour
API_RATE_PER_MINUTE = ENV.api_rate_per_minute
SPECTACULAR_SETTINGS = {
    "TITLE": "CardVault API",
    "DESCRIPTION": "Catalogue, scans, inventory, listings and trades. Sign in with a bearer token or an X-API-Key.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    # What several schemas ask for by different names is one list.
    "ENUM_NAME_OVERRIDES": {
        "EndpointStateEnum": "apps.notifications.webhooks.api.STATES",
        "WebhookMessageStateEnum": "apps.notifications.webhooks.models.MessageState",
        "ConditionEnum": "apps.core.conditions.Condition",
        "LanguageEnum": "apps.inventory.exchange.vocabulary.NAMES",
        "PocketEnum": "apps.escrow.statements.words.POCKETS",
        "DisputeReasonEnum": "apps.escrow.models.Dispute.Reason",
        "ConsentPurposeEnum": "apps.accounts.consent.texts.Purpose",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.openapi.with_errors",
    ],
}
_private_key, _public_key = jwt_keys(ENV)
SIMPLE_JWT = {
    "ALGORITHM": "RS256",
    "SIGNING_KEY": _private_key,
    "VERIFYING_KEY": _public_key,
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "ISSUER": "cardvault",
    "AUDIENCE": "cardvault-api",
    "USER_ID_CLAIM": "sub",
}

# -- payments --------------------------------------------------------------
STRIPE_SECRET_KEY = ENV.stripe_secret_key
STRIPE_API_BASE = ENV.stripe_api_base
STRIPE_WEBHOOK_SECRET = ENV.stripe_webhook_secret

# -- mail ------------------------------------------------------------------
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV.default_from_email
SUPPORT_EMAIL = ENV.support_email
if ENV.email_url:
    _mail = urlsplit(ENV.email_url)
    EMAIL_HOST, EMAIL_PORT = _mail.hostname, _mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS = dict(parse_qsl(_mail.query)).get("tls", "1") == "1"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")

EMAIL_TIMEOUT = 10

# -- notifications ----------------------------------------------------------
PUSH_PRIVATE_KEY = ENV.push_private_key
PUSH_CONTACT = ENV.push_contact
OUTBOUND_ALLOW_PRIVATE = ENV.outbound_allow_private

# -- files -----------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static"]
MEDIA_URL = "media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
if ENV.s3_bucket:
    STORAGES["default"] = {
        "BACKEND": "apps.core.media.Media",
        "OPTIONS": {
            "bucket_name": ENV.s3_bucket,
            "endpoint_url": ENV.s3_endpoint_url or None,
            "region_name": ENV.s3_region or None,
            "file_overwrite": False,
            "signature_version": "s3v4",
            # Amazon's own is asked by the bucket's name and region: the address without them leads on to another host.
            "addressing_style": None if ENV.s3_endpoint_url else "virtual",
            "querystring_expire": ENV.media_link_seconds,
            "cdn": ENV.media_cdn,
        },
    }
# -- backups (docs/backups.md) -----------------------------------------------
BACKUP_KEEP_DAYS = ENV.backup_keep_days
BACKUP_KEYS = backup_keys(ENV)
BARMAN_CONFIG, BARMAN_SERVER = ENV.barman_config, ENV.barman_server
if ENV.backup_media:
    STORAGES["backups"] = backup_storage(ENV)
UPLOAD_MAX_BYTES = ENV.upload_max_bytes
UPLOAD_MAX_PIXELS = ENV.upload_max_pixels
IMPORT_MAX_BYTES = ENV.import_max_bytes
CLAMAV_ADDRESS = ENV.clamav_address
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# -- security --------------------------------------------------------------
SECURE_SSL_REDIRECT = SITE_URL.startswith("https://")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked inside, without TLS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# A browser's preload list is entered for good and for every subdomain: for whoever owns the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if SECURE_SSL_REDIRECT:
    # A browser takes such a cookie over TLS alone, for this host alone: no neighbour on a subdomain can plant one.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = ENV.behind_proxy
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Browsers apply form-action to where a form's answer redirects to, and ours redirect to the processor's pages.
PAYMENT_PAGES = [STRIPE_API_BASE] if STRIPE_API_BASE else ["https://checkout.stripe.com", "https://connect.stripe.com"]
# Where pictures come from when a bucket keeps them.
MEDIA_PAGES = media_pages(ENV)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *MEDIA_PAGES],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, *PAYMENT_PAGES, *SOCIAL_PAGES],
        "frame-ancestors": [NONE],
    },
}

# -- language, time, logs --------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
USE_I18N = True
LOG_FORMAT = ENV.log_format or "json"
LOG_LEVEL = ENV.log_level
LOGGING_CONFIG = "apps.core.logging.configure"
LOGGING = {"format": LOG_FORMAT, "level": LOG_LEVEL}

# -- metrics, traces, reports of errors (docs/observability.md) ----------------
METRICS_TOKEN = ENV.metrics_token
METRICS_DIR = Path(ENV.metrics_dir) if ENV.metrics_dir else DATA_DIR / "metrics"
METRICS_PORT = ENV.metrics_port
TRACES_ENDPOINT = ENV.otel_exporter_otlp_endpoint.rstrip("/")
TRACES_SAMPLED = ENV.traces_sampled
SENTRY_DSN = ENV.sentry_dsn
