"""Web pages of the inventory. Each parses a form, calls one action or query, and renders."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalog.models import ProductImage, Variant
from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.ids import uuid7
from apps.inventory import actions, queries
from apps.inventory.forms import AddForm, BinderForm, FilterForm, ItemForm, PhotoForm

PAGE_SIZE = 30


@login_required
@require_safe
def inventory(request: HttpRequest) -> HttpResponse:
    """The inventory with filters, cost, value, change and the prices' age."""
    form = FilterForm(request.GET, owner=request.user)
    form.is_valid()
    wanted = form.cleaned_data  # what cannot be used of the filters is left out; the rest counts
    page = queries.items_page(
        owner=request.user,
        text=wanted.get("q", ""),
        binder=wanted["binder"].pk if wanted.get("binder") else None,
        condition=wanted.get("condition", ""),
        sort=wanted.get("sort") or "newest",
        limit=PAGE_SIZE,
        offset=((wanted.get("page") or 1) - 1) * PAGE_SIZE,
    )
    context = {"form": form, "page": page, "stale_before": timezone.now() - queries.STALE_AFTER}
    if request.htmx and not request.htmx.boosted:
        return render(request, "inventory/partials/items.html", context)
    context |= {"totals": queries.totals(owner=request.user), "binders": queries.binders(owner=request.user)}
    return render(request, "inventory/inventory.html", context | {"binder_form": BinderForm()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One item: what it is, what it is worth, its photos and history; a form changes it."""
    found = queries.item_for(owner=request.user, pk=pk)
    names = ("quantity", "condition", "grade_company", "grade", "unit_cost_minor", "acquired_on", "binder", "notes")
    initial = {name: getattr(found, name) for name in names}
    initial["grade"] = "" if found.grade is None else str(found.grade)
    form = ItemForm(request.POST or None, owner=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.adjust_item(item=found, by=request.user, **form.cleaned_data)
        except DomainError as error:
            tell(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("item", pk=pk)
    context = {
        "item": found,
        "form": form,
        "photo_form": PhotoForm(),
        "photos": found.photos.all(),
        "movements": found.movements.order_by("-created_at")[:30],
        "listing": found.listings.filter(state__in=["active", "paused"]).first(),
    }
    return render(request, "inventory/item.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, variant: uuid.UUID) -> HttpResponse:
    """Put copies of a printing into the inventory by hand."""
    printing = get_object_or_404(Variant.objects.select_related("product__release"), pk=variant)
    form = AddForm(request.POST or None, owner=request.user, initial={"request_key": str(uuid7())})
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        key = fields.pop("request_key")
        made = actions.add_item(
            owner=request.user, variant=printing, by=request.user, provenance={"from": "hand"},
            cause=f"form:{key}" if key else "", **fields,
        )  # fmt: skip
        messages.success(request, f"{printing.product.name} is in your inventory.")
        return redirect("item", pk=made.pk)
    pictures = ProductImage.objects.filter(product=printing.product_id, is_primary=True)
    context = {"form": form, "variant": printing, "image_name": pictures.values_list("file", flat=True).first() or ""}
    return render(request, "inventory/add.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def add_photo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Attach a picture of the owner's copy."""
    found = queries.item_for(owner=request.user, pk=pk)
    form = PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "Choose a picture first.")
        return redirect("item", pk=pk)
    try:
        actions.attach_photo(item=found, upload=form.cleaned_data["photo"], by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The photo is attached.")
    return redirect("item", pk=pk)


@login_required
@require_POST
def remove_photo(request: HttpRequest, pk: uuid.UUID, photo: uuid.UUID) -> HttpResponse:
    """Take a picture off the item."""
    actions.remove_photo(item=queries.item_for(owner=request.user, pk=pk), photo_id=photo, by=request.user)
    messages.success(request, "The photo is removed.")
    return redirect("item", pk=pk)


@login_required
@require_POST
def remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an item out of the inventory."""
    found = queries.item_for(owner=request.user, pk=pk)
    try:
        actions.remove_item(item=found, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("item", pk=pk)
    messages.success(request, f"{found.variant.product.name} was removed from your inventory.")
    return redirect("inventory")


@login_required
@require_POST
def new_binder(request: HttpRequest) -> HttpResponse:
    """Make a binder."""
    form = BinderForm(request.POST)
    if form.is_valid():
        made = actions.create_binder(owner=request.user, name=form.cleaned_data["name"])
        messages.success(request, f"The binder “{made.name}” is ready.")
    else:
        messages.error(request, "A binder needs a name of at most 60 characters.")
    return redirect("inventory")
