"""Who may use which route: one's profile, keys, apps, sessions; signing in is allauth's."""

from tests.routes.kinds import KEYLESS, MEMBER, OWNER, PUBLIC, READ, TRADES, Route, pk

WEB = {
    "legal": Route(PUBLIC, about={"purpose": "text"}),
    "legal-version": Route(PUBLIC, about={"purpose": "text", "version": "text_version"}),
    "agree": Route(MEMBER),
    "choices": Route(MEMBER),
    "blocks": Route(MEMBER),
    "block": Route(MEMBER, about=pk("owner")),
    "profile": Route(MEMBER),
    "addresses": Route(MEMBER),
    "address": Route(OWNER, about=pk("address")),
    "address-remove": Route(OWNER, "post", pk("address")),
    "api-keys": Route(MEMBER),
    "api-key-revoke": Route(OWNER, "post", pk("api_key")),
    "api-key-rotate": Route(OWNER, "post", pk("api_key")),
    "sessions": Route(MEMBER),
    "sessions-end-others": Route(MEMBER, "post"),
    "connected-apps": Route(MEMBER),
    "connected-app-disconnect": Route(OWNER, "post", pk("app")),
    "apps": Route(MEMBER),
    "app-remove": Route(OWNER, "post", pk("app")),
    "oauth-metadata": Route(PUBLIC),
    "session-end": Route(OWNER, "post", pk("session")),
    "program-end": Route(OWNER, "post", pk("program")),
}  # fmt: skip
REST = {
    "api-register": Route(PUBLIC, "post"),
    "api-verify": Route(PUBLIC, "post", {"key": "word"}),
    "api-login": Route(PUBLIC, "post"),
    "api-refresh": Route(PUBLIC, "post"),
    "api-logout": Route(KEYLESS, "post"),
    "api-consents": Route(KEYLESS),
    "api-me": Route(MEMBER, scope=READ),
    "api-api-keys": Route(KEYLESS),
    "api-api-key": Route(KEYLESS, "delete", pk("api_key")),
    "api-api-key-rotate": Route(KEYLESS, "post", pk("api_key")),
    "api-connected-apps": Route(KEYLESS),
    "api-connected-app": Route(KEYLESS, "delete", pk("app")),
    "api-apps": Route(KEYLESS),
    "api-app": Route(KEYLESS, "delete", pk("app")),
    "api-sessions": Route(KEYLESS),
    "api-session": Route(KEYLESS, "delete", pk("session")),
    "api-program": Route(KEYLESS, "delete", pk("program")),
    "api-blocks": Route(MEMBER, "post", scope=TRADES),
    "api-block": Route(MEMBER, "delete", pk("owner"), TRADES),
}  # fmt: skip

# Signing in is allauth's: open to visitors, or led to its own next step.
ACCOUNT = {
    "open": {
        "account_login", "account_signup", "account_inactive", "account_logout", "account_reset_password",
        "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
        "account_confirm_email", "account_email_verification_sent", "account_confirm_login_code", "email-agree",
        "mfa_authenticate", "mfa_login_webauthn", "socialaccount_login_cancelled", "socialaccount_login_error",
        "socialaccount_signup",
    },
    "member": {
        "account_email", "account_change_password", "account_set_password", "account_reauthenticate",
        "socialaccount_connections",
        "mfa_index", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_activate_totp", "mfa_list_webauthn",
        "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    },
    # off unless set up: tests/accounts/test_social.py
    "social": {
        "google_login", "google_callback", "google_login_by_token", "apple_login", "apple_callback", "apple_finish_callback",
        "openid_connect_login", "openid_connect_callback", "social/login/cancelled/", "social/login/error/",
        "social/signup/", "social/connections/",
    },
    # tests/accounts/test_oauth.py
    "oauth": {"idp:oidc:authorization", "idp:oidc:token", "idp:oidc:revoke"},
    # by the row's number: tests/accounts/test_second_factor.py
    "own": {"mfa_deactivate_totp", "mfa_edit_webauthn", "mfa_remove_webauthn", "usersessions_list"},
}  # fmt: skip
