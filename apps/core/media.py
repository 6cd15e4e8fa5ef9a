"""Stored files in an S3 bucket: the catalogue's pictures may come from a CDN, everything else is shown by signed links alone.

The bucket itself is private. A CDN may read PUBLIC of it and nothing more (docs/scale.md has the policy), so that a photo of a
member's copy, a scan or a piece of evidence cannot be had without a link that a page has just signed.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from storages.backends.s3 import S3Storage

PUBLIC = ("catalog/",)
"""Folders that everybody sees alike."""
_FOR_GOOD = "public, max-age=31536000, immutable"  # names are drawn anew for each file
_FOR_READER = "private, max-age=3600"


class Media(S3Storage):
    """See the module. `cdn`: the CDN's address without a path, or nothing."""

    def get_default_settings(self) -> dict[str, Any]:
        """With the setting that is ours."""
        return {**super().get_default_settings(), "cdn": ""}

    def url(self, name: str, parameters: Any = None, expire: int | None = None, http_method: str | None = None) -> str:
        """The CDN's address of what is public, a signed link to anything else.

        A link is handed out again for half of its life: signing costs more than all the rest of a picture in a page, and a
        browser keeps what it has under the same link.
        """
        if self.cdn and not parameters and is_public(name):
            return f"{self.cdn}/{quote(name)}"
        if parameters or expire or http_method:
            return str(super().url(name, parameters, expire, http_method))
        return self._signed(name, int(time.monotonic() // (self.querystring_expire / 2)))

    @lru_cache(maxsize=20_000)  # noqa: B019 - there is one storage in a process, and it lives as long
    def _signed(self, name: str, period: int) -> str:
        return str(super().url(name))

    def get_object_parameters(self, name: str) -> dict[str, Any]:
        """How long browsers and a CDN keep a file."""
        return {**super().get_object_parameters(name), "CacheControl": _FOR_GOOD if is_public(name) else _FOR_READER}


def is_public(name: str) -> bool:
    """Whether everybody may see a stored file; a name that climbs out of its folder is nobody's."""
    return name.startswith(PUBLIC) and ".." not in name
