"""The one typed place that reads the environment. A wrong value stops the start with its name and what is expected."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A setting is missing or wrong; the text names it and says what is expected."""


class Environment(BaseSettings):
    """Every setting of an operator, with type and default; in the environment the names are upper case."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    # where things live
    database_url: str = Field("", description="postgresql://user:password@host:5432/name; empty: the embedded server")
    database_replica_url: str = Field("", description="a replica that reads may go to; empty: none is asked")
    replica_lag_seconds: int = Field(10, ge=1, description="seconds for which who has written reads from the primary")
    pgbouncer: bool = Field(False, description="true where DATABASE_URL leads to PgBouncer in transaction mode")
    redis_url: str = Field("", description="redis://host:6379/0; empty: the embedded server")
    cache_redis_url: str = Field("", description="a Redis of their own for cache and counters; empty: REDIS_URL")
    live_redis_url: str = Field(
        "", description="one Redis of its own for live pages, or several by commas that share them; empty: REDIS_URL"
    )
    cardvault_data_dir: Path = Field(ROOT / ".cardvault", description="a writable folder for data, keys and logs")
    port: int = Field(8000, ge=1, le=65535, description="the port of the web server")
    site_url: str = Field("", description="the address that people see, e.g. https://cards.example.com")
    cardvault_demo: bool = Field(True, description="whether the launcher loads the demo into an empty database")

    # posture
    secret_key: str = Field("", description="at least 50 random characters; required in production")
    allowed_hosts: str = Field("", description="comma-separated host names; required in production")
    jwt_private_key: str = Field("", description="a PEM RSA private key; empty: one is made in the data folder")
    field_keys: str = Field(
        "", description="comma-separated Fernet keys of encrypted fields, the newest first; required in production"
    )
    behind_proxy: bool = Field(False, description="true when a proxy sets X-Forwarded-Proto and X-Forwarded-For")
    staff_second_factor: bool = Field(
        True, description="whether moderators and admins must have an authenticator app or a passkey"
    )

    # signing in by other sites
    google_client_id: str = Field("", description="client ID of Google's sign-in; empty: it is off")
    google_client_secret: str = Field("", description="client secret of Google's sign-in")
    apple_client_id: str = Field("", description="Services ID of Sign in with Apple; empty: it is off")
    apple_team_id: str = Field("", description="the team's ID at Apple")
    apple_key_id: str = Field("", description="ID of the key for Sign in with Apple")
    apple_private_key: str = Field("", description="that key, as PEM")
    oidc_name: str = Field("", description="how another site with OpenID Connect is called on the sign-in page")
    oidc_address: str = Field("", description="that site's address, https://login.example.com; empty: it is off")
    oidc_client_id: str = Field("", description="our client ID there")
    oidc_client_secret: str = Field("", description="our client secret there")

    # mail
    email_url: str = Field("", description="smtp://user:password@host:587/?tls=1; empty: mail goes to files")
    default_from_email: str = Field("CardVault <no-reply@cardvault.example>", description="the sender of our mail")
    support_email: str = Field(
        "help@cardvault.example",
        description="whom members write to: at the foot of every page, and where answers to our mail go",
    )

    # push messages and webhooks
    push_private_key: str = Field(
        "", description="the key that browsers' push services know us by (make_push_key); empty: push is off"
    )
    push_contact: str = Field("", description="whom push services write to: mailto:you@your-site; empty: SITE_URL")
    outbound_allow_private: bool = Field(
        False, description="true where webhooks and push services may lie on your own network, and be http"
    )

    # payments
    stripe_secret_key: str = Field("", description="sk_test_... or sk_live_...; empty: payments are off")
    stripe_api_base: str = Field("", description="address of the payments sandbox; empty: Stripe itself")
    stripe_webhook_secret: str = Field("", description="whsec_...")

    # media
    s3_bucket: str = Field("", description="bucket for media; empty: files in the data folder")
    s3_endpoint_url: str = Field("", description="address of an S3 that is not Amazon's; empty: Amazon's")
    s3_region: str = Field("", description="the bucket's region; empty: the account's own")
    media_cdn: str = Field(
        "",
        description="where a CDN shows the catalogue's pictures out of the bucket, https://cdn.example.com; empty: none",
    )
    media_link_seconds: int = Field(
        3600, ge=60, le=604_800, description="seconds for which a signed link to a picture in the bucket holds"
    )

    # backups
    backup_media: str = Field(
        "", description="s3://bucket or a folder for sealed copies of media; empty: none are made"
    )
    backup_endpoint_url: str = Field("", description="address of that bucket's S3, where it is not Amazon's")
    backup_region: str = Field("", description="that bucket's region; empty: the account's own")
    backup_keys: str = Field("", description="comma-separated Fernet keys of these copies, the newest first")
    backup_keep_days: int = Field(30, ge=1, description="days for which a copy outlives its file")
    barman_config: str = Field("", description="Barman's configuration file for restore_drill; empty: its own default")
    barman_server: str = Field("cardvault", description="the server's name in it")

    # limits
    upload_max_bytes: int = Field(25 * 1024 * 1024, gt=0, description="the largest picture file, in bytes")
    upload_max_pixels: int = Field(60_000_000, gt=0, description="the largest picture, in pixels")
    import_max_bytes: int = Field(64 * 1024 * 1024, gt=0, description="the largest inventory file, in bytes")
    clamav_address: str = Field(
        "",
        pattern=r"^([\w.:\[\]-]+:\d{1,5})?$",
        description="host:port of ClamAV's daemon; empty: no virus scanner looks",
    )
    api_rate_per_hour: int = Field(1000, gt=0, description="API requests an hour of one member or address")
    api_rate_per_minute: int = Field(100, gt=0, description="API requests a minute of one member or address")

    live_connections: int = Field(10_000, gt=0, description="websockets that one web process serves")
    risk_mode: Literal["on", "shadow", "off"] = Field(
        "on", description="whether risky sales and listings wait for a moderator; shadow: they are scored only"
    )
    cart_solver_seconds: float = Field(
        5.0, gt=0, le=60, description="seconds in which the cart's solver looks for the least total"
    )

    four_eyes_above: Decimal = Field(
        Decimal(500), ge=0, description="moderators move more than this only when a second one agrees; 0: never"
    )
    listing_photos_above: Decimal = Field(
        Decimal(100), ge=0, description="a copy that costs more is listed with a photo of it alone; 0: none has to be"
    )
    listing_photos_of_graded: bool = Field(True, description="whether graded copies are listed with a photo alone")

    # facts of a country
    tax_thresholds: str = Field("", description="a TOML file of tax thresholds; empty: the product's own")

    # recognition
    vision_backend: Literal["onnx", "torch"] = Field(
        "onnx", description="onnx (CPU), or torch (a GPU, else the CPU; needs the packages of requirements/ml.in)"
    )
    vision_models_dir: str = Field(
        "", description="a folder with further versions of the nets, beside the shipped ones"
    )
    vision_threads: int = Field(2, ge=0, description="CPU threads of one worker process for the nets; 0: all cores")
    vision_batch: int = Field(
        0, ge=0, le=64, description="photos that a worker looks at together; 0: 1 on onnx, 8 on torch"
    )
    vision_waiting_per_member: int = Field(
        48, gt=0, description="photos of one member or visitor that may wait at once"
    )
    vision_waiting: int = Field(400, gt=0, description="photos that may wait in all")
    worker_max_memory_mb: int = Field(
        1500, ge=0, description="a worker process over this ends after its task; 0: never"
    )
    worker_max_tasks: int = Field(0, ge=0, description="tasks after which a worker process is replaced; 0: never")
    worker_stop_seconds: int = Field(
        90, ge=1, description="seconds in which a worker that is told to end finishes tasks; the rest go back"
    )
    train_on_corrections: bool = Field(
        False, description="true where your terms allow that what members confirm trains recognition"
    )

    # price feeds
    tcgplayer_client_id: str = Field("", description="public key of TCGplayer's API; empty: its feed is off")
    tcgplayer_client_secret: str = Field("", description="private key of TCGplayer's API")
    ebay_client_id: str = Field("", description="App ID of eBay's Buy APIs; empty: its feeds are off")
    ebay_client_secret: str = Field("", description="Cert ID of eBay's Buy APIs")
    ebay_sales_allowed: bool = Field(
        False, description="true where your agreement with eBay allows price statistics out of Marketplace Insights"
    )
    pricecharting_token: str = Field("", description="token of a PriceCharting subscription; empty: its feed is off")
    bricklink_consumer_key: str = Field("", description="consumer key of BrickLink's API; empty: its feed is off")
    bricklink_consumer_secret: str = Field("", description="consumer secret of BrickLink's API")
    bricklink_token: str = Field("", description="token value of BrickLink's API")
    bricklink_token_secret: str = Field("", description="token secret of BrickLink's API")
    quotes_kept_months: int = Field(
        0, ge=0, description="months of single quotes that are kept attached, 25 at least; 0: all. Closes by day stay"
    )
    feeds_allow_private: bool = Field(False, description="true where price files lie on addresses of your own network")
    rates_address: str = Field(
        "",
        description="where exchange rates are asked for daily, https://www.ecb.europa.eu/stats/eurofxref; empty: never",
    )
    carrier_address: str = Field(
        "", description="a tracking service that is asked where swapped parcels are; empty: the receiver's word alone"
    )
    carrier_key: str = Field("", description="key of the tracking service")

    # logs
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    log_format: str = Field("", description="json or console; empty: json in production")

    # metrics, traces, reports of errors
    metrics_token: str = Field(
        "", description="what Prometheus shows to read /metrics, 16 characters or more; empty: off"
    )
    metrics_dir: str = Field(
        "", description="where processes of one machine keep their counts; empty: in the data folder"
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="where a worker of its own machine shows its metrics; 0: web shows them"
    )
    otel_exporter_otlp_endpoint: str = Field(
        "", description="where traces go over OTLP/HTTP, http://collector:4318; empty: there are none"
    )
    traces_sampled: float = Field(0.1, ge=0, le=1, description="the share of requests and tasks that are traced")
    sentry_dsn: str = Field("", description="where errors are reported to by Sentry's protocol; empty: nowhere")

    @field_validator("log_level")
    @classmethod
    def known_level(cls, value: str) -> str:
        """Accept the five standard levels in any case."""
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
            raise ValueError("expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
        return value.upper()

    @field_validator("metrics_token")
    @classmethod
    def not_guessed(cls, value: str) -> str:
        """Metrics tell of money; a short token is none."""
        if value and len(value) < 16:
            raise ValueError("expected 16 characters or more")
        return value

    @field_validator("otel_exporter_otlp_endpoint", "sentry_dsn")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        """Found wrong at the start, not with the first trace or error."""
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("expected an address that begins with http:// or https://")
        return value

    @field_validator("media_cdn")
    @classmethod
    def is_an_origin(cls, value: str) -> str:
        """Pages allow pictures from there, by its name."""
        address = value.rstrip("/")
        if address and not re.fullmatch(r"https?://[\w.-]+(:\d+)?", address):
            raise ValueError("expected an address without a path, https://cdn.example.com")
        return address

    @field_validator("database_url", "database_replica_url")
    @classmethod
    def postgresql_only(cls, value: str) -> str:
        """PostgreSQL is the only database."""
        if value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("expected postgresql://user:password@host:5432/name")
        return value

    @field_validator("redis_url", "cache_redis_url", "live_redis_url")
    @classmethod
    def redis_only(cls, value: str, info: ValidationInfo) -> str:
        """Redis is the only queue and cache."""
        several = value.split(",") if info.field_name == "live_redis_url" else [value]
        if value and not all(each.startswith(("redis://", "rediss://", "unix://")) for each in several):
            raise ValueError("expected redis://host:6379/0")
        return value

    @field_validator("stripe_api_base")
    @classmethod
    def live_key_stays_with_stripe(cls, value: str, info: ValidationInfo) -> str:
        """A test key may go to the sandbox, a live key to Stripe alone."""
        address = value.rstrip("/")
        if address and not address.startswith(("http://", "https://")):
            raise ValueError("expected an address such as http://127.0.0.1:12111, or nothing")
        is_live = str(info.data.get("stripe_secret_key", "")).startswith(("sk_live_", "rk_live_"))
        if is_live and address not in ("", "https://api.stripe.com"):
            raise ValueError("a live key is never sent to an address that is not Stripe's own")
        return address


@lru_cache
def environment() -> Environment:
    """The process's settings, read once. Raises SettingsError."""
    try:
        return Environment()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        field = Environment.model_fields.get(name.lower())
        expected = f" Expected: {field.description}." if field and field.description else ""
        raise SettingsError(f"the setting {name} is wrong: {first['msg']}.{expected}") from None
