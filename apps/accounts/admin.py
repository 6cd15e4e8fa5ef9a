"""People in the admin: who they are and what role they have; their keys and addresses for admins alone."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from apps.accounts import actions, tokens
from apps.accounts.models import Address, APIKey, Role, SignIn, Tier, User
from apps.core import audit
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError


def is_admin(request: HttpRequest) -> bool:
    """Whether the reader is an admin and not just a moderator."""
    return request.user.is_active and request.user.role == Role.ADMIN


class AdminsOnly(ReadOnlyAdmin):
    """Private rows: an admin looks at them, a moderator does not."""

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Admins."""
        return is_admin(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Admins."""
        return is_admin(request)


class EmailInline(TabularInline):
    """A member's e-mail addresses."""

    model = EmailAddress
    extra = 0
    can_delete = False
    fields = readonly_fields = ("email", "primary", "verified")

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Members add their own."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever may see the member."""
        return True


@admin.register(User)
class UserAdmin(ModelAdmin):
    """Members. Admins change the role and close or reopen an account; every change is in the audit trail."""

    list_display = ("name", "email", "shown_role", "country", "date_joined", "is_active")
    list_filter = ("role", "is_active", "country")
    search_fields = ("email", "display_name", "id")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    fields = (
        "id",
        "display_name",
        "email",
        "role",
        "api_tier",
        "is_active",
        "country",
        "about",
        "date_joined",
        "last_login",
    )
    readonly_fields = ("id", "display_name", "email", "country", "about", "date_joined", "last_login")
    inlines = (EmailInline,)
    actions = ("end_sign_ins",)
    actions_detail = ("see_as",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People register themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Trades and ledger refer to people; an account is closed, not deleted."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Admins, and nobody themselves."""
        return is_admin(request) and (obj is None or obj.pk != request.user.pk)

    @display(description="member")
    def name(self, user: User) -> str:
        """What others see."""
        return str(user)

    @display(description="role", label={"admin": "danger", "moderator": "info"})
    def shown_role(self, user: User) -> str:
        """The role."""
        return user.role

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        """Role and standing through their actions, which keep the trail."""
        reason = "changed in the admin"
        if "role" in form.changed_data:
            actions.set_role(user=obj, role=Role(form.cleaned_data["role"]), by=request.user, reason=reason)
        if "api_tier" in form.changed_data:
            actions.set_tier(user=obj, tier=Tier(form.cleaned_data["api_tier"]), by=request.user, reason=reason)
        if "is_active" in form.changed_data:
            actions.set_active(user=obj, active=form.cleaned_data["is_active"], by=request.user, reason=reason)

    @action(description="See the site as this member", url_path="see-as")
    def see_as(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the page that asks why."""
        return redirect("admin:see-as", object_id)

    @admin.action(description="Sign the chosen members' programs out", permissions=["change"])
    def end_sign_ins(self, request: HttpRequest, queryset: object) -> None:
        """Revoke every bearer token of the chosen members."""
        ended = 0
        for user in queryset:
            ended += tokens.end_all(user, because="by an admin")
            audit.record(action="member.signed_out", target=user, by=request.user)
        messages.success(request, f"{ended} sign-ins ended.")


@admin.register(Address)
class AddressAdmin(AdminsOnly):
    """Where parcels go."""

    list_display = ("user", "city", "country", "is_default", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__display_name")


@admin.register(APIKey)
class APIKeyAdmin(AdminsOnly):
    """Keys of programs, by their first letters; an admin may revoke one."""

    list_display = ("prefix", "name", "user", "scopes", "state", "last_used_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("prefix", "user__email", "user__display_name")
    exclude = ("digest",)
    actions = ("revoke",)

    @display(description="state", label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: APIKey) -> str:
        """Whether it still works."""
        return key.state(at=timezone.now())

    @admin.action(description="Revoke the chosen keys", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: object) -> None:
        """End the chosen keys."""
        for key in queryset:
            try:
                actions.revoke_api_key(key=key, by=request.user)
            except DomainError as error:
                messages.error(request, error.message)
        messages.success(request, "The chosen keys no longer work.")


@admin.register(SignIn)
class SignInAdmin(AdminsOnly):
    """Programs that signed in."""

    list_display = ("user", "created_at", "refreshed_at", "expires_at", "ended_at", "ended_because")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__display_name")
    exclude = ("refresh_id", "stamp")
