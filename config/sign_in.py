"""Which other sites people may sign in by, from the environment, as allauth wants to read it."""

from __future__ import annotations

from urllib.parse import urlsplit

from config.env import Environment, SettingsError


def other_sites(env: Environment) -> tuple[dict[str, dict[str, object]], list[str]]:
    """Allauth's SOCIALACCOUNT_PROVIDERS, and the origins to which a sign-in form may lead.

    Raises SettingsError where a site is set up by half.
    """
    sites: dict[str, dict[str, object]] = {}
    pages = []
    if env.google_client_id:
        _need(env, "google_client_id", "google_client_secret")
        app: dict[str, object] = {"client_id": env.google_client_id, "secret": env.google_client_secret, "key": ""}
        sites["google"] = {"APPS": [app], "SCOPE": ["profile", "email"], "OAUTH_PKCE_ENABLED": True}
        pages.append("https://accounts.google.com")
    if env.apple_client_id:
        _need(env, "apple_client_id", "apple_team_id", "apple_key_id", "apple_private_key")
        pem = env.apple_private_key.replace("\\n", "\n")
        app = {"client_id": env.apple_client_id, "secret": env.apple_key_id, "key": env.apple_team_id}
        sites["apple"] = {"APPS": [app | {"settings": {"certificate_key": pem}}]}
        pages.append("https://appleid.apple.com")
    if env.oidc_address:
        _need(env, "oidc_address", "oidc_name", "oidc_client_id", "oidc_client_secret")
        parts = urlsplit(env.oidc_address)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise SettingsError("the setting OIDC_ADDRESS is wrong: expected https://…")
        app = {
            "provider_id": "other",
            "name": env.oidc_name,
            "client_id": env.oidc_client_id,
            "secret": env.oidc_client_secret,
            "settings": {"server_url": env.oidc_address.rstrip("/")},
        }
        sites["openid_connect"] = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
        pages.append(f"{parts.scheme}://{parts.netloc}")
    return sites, pages


def _need(env: Environment, first: str, *others: str) -> None:
    for name in others:
        if not getattr(env, name):
            raise SettingsError(f"the setting {name.upper()} is missing; {first.upper()} is given.")
