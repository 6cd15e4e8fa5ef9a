"""Forms of the account pages."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.adapter import get_adapter as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Address, Scope, User


class ProfileForm(forms.ModelForm):
    """What a member says of themselves."""

    class Meta:
        model = User
        fields = ["display_name", "about", "country", "first_name", "last_name"]
        labels = {"display_name": _("Name that others see"), "about": _("About you")}
        help_texts = {
            "country": _("Where your parcels come from. Others see it."),
            "first_name": _("Never shown to others."),
        }
        widgets = {
            "about": forms.Textarea(attrs={"rows": 3}),
            "display_name": forms.TextInput(attrs={"autocomplete": "nickname"}),
            "country": forms.Select(attrs={"autocomplete": "country"}),
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
        }

    def _post_clean(self) -> None:
        """Leave the signed-in user as they are: the action changes and checks its own copy."""

    def clean_display_name(self) -> str:
        """Free of others, in any case."""
        name = self.cleaned_data["display_name"].strip()
        if name and User.objects.filter(display_name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Somebody else has this name already. Choose another one."))
        return name


class AddressForm(forms.ModelForm):
    """Where parcels go."""

    class Meta:
        model = Address
        fields = ["name", "line1", "line2", "city", "region", "postal_code", "country", "is_default"]
        labels = {"name": _("Recipient"), "is_default": _("Use this address unless I choose another")}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "line1": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "line2": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "region": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "country": forms.Select(attrs={"autocomplete": "country"}),
        }

    def _post_clean(self) -> None:
        """Leave the instance as it is: the action saves."""


class APIKeyForm(forms.Form):
    """A key to make."""

    LIVES = [("", _("Until I revoke it")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("A year"))]

    name = forms.CharField(max_length=60, help_text=_("Where you will use it, so that you know it again."))
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=[Scope.READ], label=_("What it may do")
    )
    days = forms.ChoiceField(choices=LIVES, required=False, label=_("Good for"))

    def expires_at(self) -> dt.datetime | None:
        """When the key ends, if it does."""
        days = self.cleaned_data.get("days")
        return timezone.now() + dt.timedelta(days=int(days)) if days else None


class _Passkey:
    """What a browser sends as a passkey is anything at all: the library trips over pieces that are missing."""

    def clean_credential(self) -> object:
        """The credential, checked; whatever is wrong with it is a wrong code."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise mfa().validation_error("incorrect_code") from None


class AddPasskeyForm(webauthn.AddWebAuthnForm):
    """A passkey to add. Here the library looks at it with the form as a whole."""

    def clean(self) -> dict[str, object]:
        """The form, its credential checked; whatever is wrong with that is a wrong code."""
        try:
            cleaned: dict[str, object] = super().clean()
        except (AttributeError, KeyError, TypeError, ValueError):
            raise mfa().validation_error("incorrect_code") from None
        return cleaned


class PasskeyForm(_Passkey, webauthn.AuthenticateWebAuthnForm):
    """A passkey as second step."""

    def is_possible(self) -> bool:
        """Whether who signs in has one."""
        passkeys = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN)
        return bool(passkeys.exists())


class PasskeyLoginForm(_Passkey, webauthn.LoginWebAuthnForm):
    """A passkey in place of the password."""


class PasskeyAgainForm(_Passkey, webauthn.ReauthenticateWebAuthnForm):
    """A passkey, to show once more who one is."""
