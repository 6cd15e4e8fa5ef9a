"""Passkeys in a real browser, with an authenticator that the browser plays: added, signed in with, and removed."""

from tests.browser.accessibility import assert_accessible
from tests.factories import make_user

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_added_signs_in_alone_and_is_removed(new_page, site, settings):
    settings.SITE_URL = site.replace("127.0.0.1", "localhost")  # passkeys belong to a name, never to a number
    settings.CSRF_TRUSTED_ORIGINS = [settings.SITE_URL]
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    home = settings.SITE_URL
    member = make_user()
    page = new_page()
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    page.goto(f"{home}/accounts/login/")
    assert_accessible(page)
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password").fill("collect-2026")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{home}/")

    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill("collect-2026")
    page.get_by_role("button", name="It is me").click()
    assert_accessible(page)
    page.locator("[name=name]").fill("My laptop")
    page.get_by_label("Let me sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/recovery-codes/")
    assert_accessible(page)
    page.goto(f"{home}/accounts/2fa/")
    assert_accessible(page)

    page.context.clear_cookies()
    page.goto(f"{home}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{home}/")
    page.goto(f"{home}/me/sessions/")
    assert page.get_by_text("This one").is_visible()
    assert_accessible(page)
    page.goto(f"{home}/accounts/2fa/webauthn/")
    assert page.get_by_text("My laptop", exact=True).first.is_visible()
    page.get_by_role("link", name="Remove My laptop").click()
    page.get_by_role("link", name="Use a security key").click()  # what changes an account asks once more who it is
    assert_accessible(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/remove/")
    assert_accessible(page)
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url("**/2fa/webauthn/")
    assert page.get_by_text("No passkeys yet").is_visible()
