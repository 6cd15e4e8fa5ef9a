"""Web pages that import: upload, columns, progress, report, repair. Each calls one action or query, and renders."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.catalog.models import Finish, Variant
from apps.core.conditions import Condition
from apps.core.errors import DomainError
from apps.core.forms import tell
from apps.core.ids import uuid7
from apps.core.pagination import numbered
from apps.inventory.exchange import actions, exporting, queries, repairs, states
from apps.inventory.exchange.formats import FORMATS
from apps.inventory.exchange.forms import AnswerForm, CorrectionForm, ExportForm, LinesForm, MappingForm, UploadForm
from apps.inventory.exchange.layouts import Format
from apps.inventory.exchange.models import ImportLine, InventoryImport
from apps.inventory.exchange.streams import attachment
from apps.inventory.exchange.vocabulary import NAMES
from apps.inventory.models import InventoryItem

PAGE_SIZE = 50
CHOICES = {
    "condition": Condition.choices,
    "language": list(NAMES.items()),
    "finish": [(finish.value, finish.label) for finish in Finish],
}
"""What a bad word can be, where that is one of a few."""
_STEPS = {
    "add": actions.add_matched,
    "cancel": actions.cancel_import,
    "undo": actions.undo_import,
    "map": actions.map_again,
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_import(request: HttpRequest) -> HttpResponse:
    """Send a file; below, what was imported before."""
    form = UploadForm(request.POST or None, request.FILES or None, initial={"request_key": str(uuid7())})
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            origin = actions.start_import(
                upload=upload, file_name=upload.name, by=request.user, slug=form.cleaned_data["slug"],
                request_key=form.cleaned_data["request_key"],
            )  # fmt: skip
        except DomainError as error:
            form.add_error("file", error.message)
        else:
            return redirect("import", pk=origin.pk)
    limit, offset = numbered(request, size=20)
    context = {
        "form": form,
        "page": queries.imports_of(owner=request.user, limit=limit, offset=offset),
        "formats": FORMATS.values(),
        "most_mb": settings.IMPORT_MAX_BYTES // 2**20,
    }
    return render(request, "inventory/import_new.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def one_import(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """An import where it stands: its columns, its progress, or its report."""
    origin = queries.import_for(owner=request.user, pk=pk)
    if origin.state == InventoryImport.State.PREVIEW:
        return _preview(request, origin, MappingForm(owner=request.user, origin=origin))
    counts = queries.counts_of(origin)
    context = {"origin": origin, "counts": counts, "format": FORMATS.get(origin.format)}
    if origin.state in states.LIVE:
        whole = counts.matched + counts.added if origin.state == "adding" else counts.total
        context |= {"percent": _percent(origin, counts), "whole": whole}
        name = "partials/import_progress.html" if request.htmx and not request.htmx.boosted else "import_progress.html"
        return render(request, f"inventory/{name}", context)
    if request.htmx and not request.htmx.boosted and request.GET.get("poll"):
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    form = LinesForm(request.GET)
    shown = form.cleaned_data["show"] if form.is_valid() else ""
    shown = shown or ("" if counts.waiting else "all")
    limit, offset = numbered(request, size=PAGE_SIZE)
    if shown:
        wanted = () if shown == "all" else (shown,)
        context["page"] = queries.lines_page(origin=origin, wanted=wanted, limit=limit, offset=offset)
    else:
        limit, offset = numbered(request, size=20)
        context |= {"page": queries.questions_page(origin=origin, limit=limit, offset=offset), "choices": CHOICES}
    context |= {"shown": shown, "tabs": _tabs(counts, shown)}
    return render(request, "inventory/import_report.html", context)


def _preview(request: HttpRequest, origin: InventoryImport, form: MappingForm) -> HttpResponse:
    preview = queries.preview_of(origin, actions.defaults_of(origin))
    columns = [(field, preview.samples(n)) for n, field in enumerate(form.columns)]
    context = {
        "origin": origin, "form": form, "columns": columns, "preview": preview, "format": FORMATS.get(origin.format)
    }  # fmt: skip
    return render(request, "inventory/import_preview.html", context, status=422 if form.errors else 200)


def _percent(origin: InventoryImport, counts: queries.Counts) -> int:
    """How far the present step is, in hundredths."""
    if origin.state == "reading":
        done, whole = origin.bytes_read, origin.size
    elif origin.state == "adding":
        done, whole = counts.added, counts.added + counts.matched
    else:
        undone = counts.of(ImportLine.State.UNDONE)
        done, whole = undone, undone + counts.added
    return min(99, done * 100 // max(1, whole))


def _tabs(counts: queries.Counts, shown: str) -> list[dict[str, object]]:
    told = [("", "To look at", counts.waiting), ("all", "All lines", counts.total)]
    told += [
        (state.value, str(state.label), counts.of(state))
        for state in ImportLine.State
        if state not in states.WAITING and counts.of(state)
    ]
    return [
        {"label": label, "url": f"?show={name}" if name else "?", "count": count, "current": name == shown}
        for name, label, count in told
        if name or count
    ]


@login_required
@require_POST
def begin_reading(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the columns and defaults, and begin; or only say whether the first line is a heading."""
    origin = queries.import_for(owner=request.user, pk=pk)
    if origin.state != InventoryImport.State.PREVIEW:
        return redirect("import", pk=pk)
    if heading := request.POST.get("heading"):
        actions.tell_heading(origin=origin, by=request.user, heading=heading == "yes")
        return redirect("import", pk=pk)
    form = MappingForm(request.POST, owner=request.user, origin=origin)
    if form.is_valid():
        options = {name: form.cleaned_data[name] for name in form.base_fields}
        try:
            actions.read_import(origin=origin, by=request.user, mapping=form.mapping(), **options)
        except DomainError as error:
            tell(form, error)
        else:
            return redirect("import", pk=pk)
    return _preview(request, origin, form)


@login_required
@require_POST
def step(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Add, cancel, undo, or go back to the columns."""
    origin = queries.import_for(owner=request.user, pk=pk)
    try:
        _STEPS[name](origin=origin, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("import", pk=pk)


@login_required
@require_POST
def dismiss(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Leave out all lines that wait."""
    left = repairs.dismiss_waiting(origin=queries.import_for(owner=request.user, pk=pk), by=request.user)
    messages.success(request, f"{left} line{'' if left == 1 else 's'} left out.")
    return redirect("import", pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, pk: uuid.UUID, number: int, part: int = 0) -> HttpResponse:
    """One line: what the file says, what it may be, a search, and a form to correct it. An answer comes back to the report."""
    found = queries.line_for(owner=request.user, pk=pk, line=number, part=part)
    if request.method == "POST" and "do" in request.POST:
        return _answer(request, found)
    form = CorrectionForm(request.POST or None, initial=queries.correctable(found, actions.defaults_of(found.origin)))
    if request.method == "POST" and form.is_valid():
        said = {
            name: "" if form.cleaned_data[name] is None else str(form.cleaned_data[name]) for name in form.changed_data
        }
        if "set" in said:
            said |= {"set_code": "", "set_name": ""}
        try:
            changed = repairs.correct_line(line=found, by=request.user, alike="alone" not in request.POST, **said)
        except DomainError as error:
            tell(form, error)
        else:
            return _settled(request, found, changed, "looked at again")
    text = request.GET.get("q", "").strip()[:100]
    context = {
        "line": found,
        "origin": found.origin,
        "form": form,
        "words": queries.words_of(found.said),
        "variants": queries.printings_found(text) if text else queries.candidates_of(found),
        "q": text,
    }
    return render(request, "inventory/import_line.html", context, status=422 if form.errors else 200)


def _answer(request: HttpRequest, found: ImportLine) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That answer could not be understood.")
        return redirect("import", pk=found.origin_id)
    told, alike = form.cleaned_data, not form.cleaned_data["alone"]
    try:
        if told["do"] == "pick":
            variant = get_object_or_404(Variant, pk=told["variant"])
            settled = repairs.pick_printing(line=found, variant=variant, by=request.user, alike=alike)
            return _settled(request, found, settled, "settled")
        if told["do"] == "correct" and told["field"]:
            changed = repairs.correct_line(line=found, by=request.user, alike=alike, **{told["field"]: told["word"]})
            return _settled(request, found, changed, "looked at again")
        if told["do"] == "again":
            return _settled(request, found, repairs.take_up_again(line=found, by=request.user), "looked at again")
        return _settled(request, found, repairs.dismiss_lines(line=found, by=request.user, alike=alike), "left out")
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("import", pk=found.origin_id)


def _settled(request: HttpRequest, found: ImportLine, lines: int, what: str) -> HttpResponse:
    messages.success(request, f"{lines} line{'' if lines == 1 else 's'} {what}.")
    return redirect("import", pk=found.origin_id)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Choose a format and items; told is what the format cannot say of them."""
    form = ExportForm(request.GET or None, owner=request.user)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        into, items = _export_of(request, form)
        losses = exporting.losses_of(items, into)
        context |= {"into": into, "losses": losses, "count": items.count(), "query": request.GET.urlencode()}
    return render(request, "inventory/export.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def export_file(request: HttpRequest) -> HttpResponseBase:
    """The file itself, streamed."""
    form = ExportForm(request.GET, owner=request.user)
    if not form.is_valid():
        return redirect(f"{reverse('export')}?{request.GET.urlencode()}")
    into, items = _export_of(request, form)
    name = f"inventory-{into.slug}-{timezone.localdate():%Y-%m-%d}.csv"
    return attachment(exporting.lines_of(items, into), name=name)


def _export_of(request: HttpRequest, form: ExportForm) -> tuple[Format, QuerySet[InventoryItem]]:
    told = form.cleaned_data
    items = exporting.items_of(
        request.user, text=told["q"], binder=told["binder"].pk if told["binder"] else None, condition=told["condition"]
    )
    return FORMATS[told["layout"]], items
