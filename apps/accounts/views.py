"""Pages of the account: profile, addresses, API keys, and what the public sees of a member."""

import uuid

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import actions, queries
from apps.accounts.forms import AddressForm, APIKeyForm, ProfileForm
from apps.accounts.models import APIKey
from apps.core.errors import DomainError

form_page = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@form_page
def profile(request: HttpRequest) -> HttpResponse:
    """Who one is, and the ways to addresses, keys and password."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_profile(user=request.user, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@form_page
def addresses(request: HttpRequest) -> HttpResponse:
    """Where parcels go: all addresses, and a form for another."""
    form = AddressForm(request.POST or None, initial={"country": request.user.country, "is_default": False})
    if request.method == "POST" and form.is_valid():
        actions.save_address(user=request.user, by=request.user, **form.cleaned_data)
        messages.success(request, "The address is saved.")
        return redirect("addresses")
    context = {"form": form, "addresses": queries.addresses(user=request.user)}
    return render(request, "accounts/addresses.html", context, status=422 if form.errors else 200)


@login_required
@form_page
def address(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change one address."""
    found = queries.address_for(user=request.user, pk=pk)
    form = AddressForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        actions.save_address(user=request.user, by=request.user, address=found, **form.cleaned_data)
        messages.success(request, "The address is saved.")
        return redirect("addresses")
    context = {"form": form, "address": found}
    return render(request, "accounts/address.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove_address(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Forget an address."""
    actions.remove_address(address=queries.address_for(user=request.user, pk=pk), by=request.user)
    messages.success(request, "The address is gone. Parcels on their way keep theirs.")
    return redirect("addresses")


@never_cache
@login_required
@reauthentication_required(allow_get=True)
@form_page
def api_keys(request: HttpRequest) -> HttpResponse:
    """Keys for programs; a new one is shown on the answer to the form, and never again."""
    form = APIKeyForm(request.POST or None)
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        made, secret = actions.create_api_key(
            user=request.user,
            name=wanted["name"],
            scopes=wanted["scopes"],
            expires_at=form.expires_at(),
            by=request.user,
        )
        form = APIKeyForm()
    return _keys_page(request, form, made, secret)


def _keys_page(request: HttpRequest, form: APIKeyForm, made: APIKey | None, secret: str) -> HttpResponse:
    keys = [(key, key.state(at=timezone.now())) for key in queries.api_keys(user=request.user)]
    context = {"form": form, "keys": keys, "made": made, "secret": secret}
    return render(request, "accounts/api_keys.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke_api_key(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End a key for good."""
    key = queries.api_key_for(user=request.user, pk=pk)
    actions.revoke_api_key(key=key, by=request.user)
    messages.success(request, f"The key “{key.name}” no longer works.")
    return redirect("api-keys")


@never_cache
@login_required
@require_POST
def rotate_api_key(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A new key in place of an old one, which goes on working for a day."""
    return _rotate(request, queries.api_key_for(user=request.user, pk=pk))  # whose it is comes first


@reauthentication_required
def _rotate(request: HttpRequest, key: APIKey) -> HttpResponse:
    made, secret = actions.rotate_api_key(key=key, by=request.user)
    return _keys_page(request, APIKeyForm(), made, secret)
