"""Pages: the apps that may act for one, and for developers their own apps."""

from allauth.account.decorators import reauthentication_required
from allauth.idp.oidc.models import Client
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.oauth import actions, queries
from apps.accounts.oauth.forms import AppForm
from apps.core.errors import DomainError


@never_cache
@login_required
@require_safe
def connected(request: HttpRequest) -> HttpResponse:
    """Which apps may act for the member, and what each may do."""
    return render(request, "accounts/apps/connected.html", {"connections": queries.connections(user=request.user)})


@login_required
@require_POST
def disconnect(request: HttpRequest, pk: str) -> HttpResponse:
    """Take an app's access back."""
    app = queries.connected_app(user=request.user, pk=pk)
    actions.disconnect(app=app, by=request.user)
    messages.success(request, f"“{app.name}” can no longer act for you.")
    return redirect("connected-apps")


@never_cache
@login_required
@reauthentication_required(allow_get=True)
@require_http_methods(["GET", "HEAD", "POST"])
def apps(request: HttpRequest) -> HttpResponse:
    """A developer's apps, and a form for another; its secret is shown on the answer to the form, and never again."""
    form, made, secret = AppForm(request.POST or None), None, ""
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            made, secret = actions.register_app(
                name=wanted["name"],
                redirect_uris=wanted["redirect_uris"].splitlines(),
                scopes=wanted["scopes"],
                is_public=wanted["kind"] == "public",
                by=request.user,
            )
        except DomainError as error:
            form.add_error(error.details.get("field"), error.message)
        else:
            form = AppForm()
    context = {"form": form, "apps": queries.apps_of(owner=request.user), "made": made, "secret": secret}
    return render(request, "accounts/apps/registered.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove(request: HttpRequest, pk: str) -> HttpResponse:
    """Remove an app of one's own."""
    return _remove(request, queries.app_of(owner=request.user, pk=pk))  # whose it is comes first


@reauthentication_required
def _remove(request: HttpRequest, app: Client) -> HttpResponse:
    actions.remove_app(app=app, by=request.user)
    messages.success(request, f"“{app.name}” is removed; its tokens no longer work.")
    return redirect("apps")
