"""Scans as moderators see them, and the versions of recognition as admins decide about them."""

from __future__ import annotations

import uuid

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from unfold.admin import ModelAdmin

from apps.core.errors import DomainError
from apps.scans import overview
from apps.scans.forms import VersionStepForm
from apps.scans.models import Correction, ModelVersion, Scan


class _ReadOnly(ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is made here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """To look, not to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nothing is deleted here."""
        return False


@admin.register(Scan)
class ScanAdmin(_ReadOnly):
    """One scan."""

    list_display = ("__str__", "owner", "state", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("owner",)


@admin.register(Correction)
class CorrectionAdmin(_ReadOnly):
    """What members chose against the engines."""

    list_display = ("proposed", "chosen", "by", "created_at")
    list_select_related = ("proposed__product", "chosen__product", "by")


@admin.register(ModelVersion)
class ModelVersionAdmin(_ReadOnly):
    """Versions of recognition. Everybody here looks; admins try, promote, roll back and clear up."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Every stage's versions side by side."""
        self._insist_may_look(request)
        return self._page(request, "model_versions", title="Versions of recognition", stages=overview.stages())

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """One version: what was measured, what members confirmed, what can be done next."""
        self._insist_may_look(request)
        version = get_object_or_404(ModelVersion.objects.select_related("replaces"), pk=_uuid(object_id))
        form = VersionStepForm(request.POST or None, version=version)
        if request.method == "POST":
            return self._step(request, version, form)
        page = overview.page(version)
        steps = form.offered if self._may_decide(request) else []
        return self._page(
            request, "model_version", title=f"{version.get_stage_display()}: {version.version}", page=page, form=form,
            steps=steps,
        )  # fmt: skip

    def _step(self, request: HttpRequest, version: ModelVersion, form: VersionStepForm) -> HttpResponse:
        if not self._may_decide(request):
            raise PermissionDenied
        if not form.is_valid():
            for text in (text for told in form.errors.values() for text in told):
                messages.error(request, text)
            return redirect("admin:scans_modelversion_change", object_id=version.pk)
        try:
            told = form.carry_out(by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, told)
        return redirect("admin:scans_modelversion_change", object_id=version.pk)

    def _page(self, request: HttpRequest, name: str, **context: object) -> HttpResponse:
        return render(request, f"scans/admin/{name}.html", {**self.admin_site.each_context(request), **context})

    def _insist_may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _may_decide(self, request: HttpRequest) -> bool:
        return request.user.has_perm("scans.change_modelversion")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
