"""News of the site: told to those alone who agreed to it, each once."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts.consent.queries import members_who_agree
from apps.accounts.consent.texts import Purpose
from apps.core.errors import InvalidInput
from apps.notifications.telling import Told, tell

_AT_ONCE = 1000


def announce(*, name: str, title: str, words: str, path: str) -> int:
    """Tell everybody who agreed to news; how many were told now. The same name tells nobody twice, so that it can be resumed.

    path: a page of ours. Raises InvalidInput.
    """
    if not (name.strip() and title.strip() and words.strip()):
        raise InvalidInput("News has a name, a title and a text.")
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        raise InvalidInput("The path is one of this site, e.g. /search/.", field="path")
    cause, told, last = f"news:{name.strip()}"[:200], 0, None
    while True:
        some = members_who_agree(Purpose.NEWS).order_by("pk")
        keys = list((some.filter(pk__gt=last) if last else some).values_list("pk", flat=True)[:_AT_ONCE])
        if not keys:
            return told
        told += tell([Told("news", pk, cause, cause[:120], path, {"title": title, "words": words}) for pk in keys])
        last = keys[-1]
