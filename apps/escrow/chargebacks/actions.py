"""Preparing and sending the answer to a chargeback. Files are uploaded first, then all is sent by one call, once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from typing import BinaryIO

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from PIL import Image

from apps.accounts.models import User
from apps.core import audit
from apps.core.documents import is_pdf, joined_parts, rebuilt
from apps.core.errors import InvalidInput, NotYours, TooLarge, UnsupportedType
from apps.core.ids import uuid7
from apps.core.images import upright
from apps.escrow import gateway
from apps.escrow.actions.moves import WrongState, actor_of
from apps.escrow.chargebacks.fields import FILES, LARGEST_FILE, LONGEST, WORDS
from apps.escrow.chargebacks.models import ChargebackAnswer, ChargebackFile
from apps.escrow.models import Chargeback
from apps.escrow.states import Actor

log = structlog.get_logger()
_WIDEST, _MOST_PAGES = 1200, 12
_State = ChargebackAnswer.State


@transaction.atomic
def collect(*, chargeback: Chargeback, words: Mapping[str, str], pictures: Iterable[str] = ()) -> ChargebackAnswer:
    """Begin the answer with what is known: words by the processor's names, pictures as one PDF. Safe to repeat.

    What a moderator has written already stays. Pictures that cannot be read are left out.
    """
    answer, _ = ChargebackAnswer.objects.get_or_create(chargeback=chargeback)
    answer = ChargebackAnswer.objects.select_for_update(no_key=True).get(pk=answer.pk)
    if answer.state != _State.DRAFT:
        return answer
    known = {name: value.strip()[:LONGEST] for name, value in words.items() if name in WORDS and value.strip()}
    answer.words = known | answer.words
    answer.save(update_fields=["words"])
    if not answer.files.filter(field="uncategorized_file").exists() and (pages := _album(pictures)):
        _keep(answer, "uncategorized_file", pages, "pdf")
    audit.record(action="chargeback.collect", target=chargeback, after={"fields": sorted(answer.words)})
    return answer


@transaction.atomic
def complete(
    *, answer: ChargebackAnswer, by: User, words: Mapping[str, str], files: Mapping[str, BinaryIO] | None = None
) -> ChargebackAnswer:
    """A moderator corrects and adds. A file is a picture or a PDF; it replaces the one in its field.

    Raises NotYours, WrongState (sent, or decided), InvalidInput, TooLarge, UnsupportedType.
    """
    answer = _open(answer, by)
    for name, value in words.items():
        if name not in WORDS:
            raise InvalidInput("The bank knows no such field.", field=name)
        if len(value) > LONGEST:
            raise InvalidInput(f"At most {LONGEST:,} characters.", field=name)
    answer.words = {name: value.strip() for name, value in (answer.words | words).items() if value.strip()}
    answer.save(update_fields=["words"])
    for field, upload in (files or {}).items():
        if field not in FILES:
            raise InvalidInput("The bank knows no such field.", field=field)
        content, kind = _checked(upload)
        _keep(answer, field, content, kind)
    if sum(default_storage.size(each.name) for each in answer.files.all()) > LARGEST_FILE:
        raise TooLarge("All files together may have 4.5 MB.")
    audit.record(action="chargeback.complete", target=answer.chargeback, by=by, after={"files": sorted(files or {})})
    return answer


def send(*, answer: ChargebackAnswer, by: User) -> ChargebackAnswer:
    """Upload the files and send the answer to the bank, once and for all. Safe to repeat after a failure.

    Must not be called inside a transaction. Raises NotYours, WrongState (sent, decided, or too late), InvalidInput
    (nothing to say), GatewayError.
    """
    with transaction.atomic():
        answer = _open(answer, by)
    if not answer.words and not answer.files.exists():
        raise InvalidInput("Say something before it is sent.")
    due = answer.chargeback.evidence_due_at
    if due is not None and due <= timezone.now():
        raise WrongState("The bank takes no answer any more: the time is over.")
    evidence = dict(answer.words)
    try:
        for file in answer.files.order_by("field"):
            evidence[file.field] = file.stripe_id or _upload(file)
        mark = hashlib.sha256(repr(sorted(evidence.items())).encode()).hexdigest()[:16]
        gateway.answer_dispute(
            dispute_id=answer.chargeback.stripe_id,
            evidence=evidence,
            idempotency_key=f"chargeback:{answer.chargeback_id}:answer:{mark}",
        )
    except gateway.GatewayError as error:
        if gateway.retrieve_dispute(answer.chargeback.stripe_id).status not in _SENT_THERE:
            ChargebackAnswer.objects.filter(pk=answer.pk).update(last_error=f"{error.code}: {error.message}"[:300])
            raise
    return _sent(answer, by)


# An earlier attempt whose answer was lost may have arrived after all.
_SENT_THERE = frozenset({"under_review", "warning_under_review", "won", "lost"})


@transaction.atomic
def _sent(answer: ChargebackAnswer, by: User) -> ChargebackAnswer:
    answer = ChargebackAnswer.objects.select_for_update(no_key=True).select_related("chargeback").get(pk=answer.pk)
    if answer.state == _State.SENT:
        return answer
    answer.state, answer.sent_at, answer.sent_by, answer.last_error = _State.SENT, timezone.now(), by, ""
    answer.save(update_fields=["state", "sent_at", "sent_by", "last_error"])
    audit.record(action="chargeback.answer", target=answer.chargeback, by=by, after={"fields": sorted(answer.words)})
    log.info("chargeback.answered", chargeback=str(answer.chargeback_id))
    return answer


def _open(answer: ChargebackAnswer, by: User) -> ChargebackAnswer:
    """The locked draft, for a moderator who is no side of the sale."""
    found: ChargebackAnswer = (
        ChargebackAnswer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("chargeback__payment__hold")
        .get(pk=answer.pk)
    )
    if actor_of(found.chargeback.payment.hold, by) != Actor.MODERATOR:
        raise NotYours("A moderator who is not part of the sale answers the bank.")
    if found.state != _State.DRAFT:
        raise WrongState("The answer was sent already.")
    if found.chargeback.state != Chargeback.State.OPEN:
        raise WrongState("The bank has decided already.")
    return found


def _upload(file: ChargebackFile) -> str:
    with default_storage.open(file.name, "rb") as stored:
        content = stored.read()
    suffix = file.name.rsplit(".", 1)[-1]
    stripe_id = gateway.upload_evidence(
        name=f"{file.field}.{suffix}", content=content, idempotency_key=f"chargeback-file:{file.pk}"
    )
    ChargebackFile.objects.filter(pk=file.pk).update(stripe_id=stripe_id)
    return stripe_id


def _keep(answer: ChargebackAnswer, field: str, content: bytes, kind: str) -> None:
    name = default_storage.save(f"evidence/{answer.pk}/{uuid7().hex}.{kind}", ContentFile(content))
    answer.files.filter(field=field).delete()
    ChargebackFile.objects.create(answer=answer, field=field, name=name, digest=hashlib.sha256(content).hexdigest())


def _checked(upload: BinaryIO) -> tuple[bytes, str]:
    """A PDF rebuilt of what its pages draw, a picture as a JPEG without metadata."""
    content = upload.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise TooLarge("The bank takes 4.5 MB at most.")
    if is_pdf(content):
        return rebuilt(content), "pdf"
    return _jpeg(upright(content)), "jpg"


def _jpeg(picture: Image.Image) -> bytes:
    picture.thumbnail((2 * _WIDEST, 2 * _WIDEST))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _album(pictures: Iterable[str]) -> bytes:
    """Stored pictures and PDFs as the pages of one PDF; empty without any that can be read."""
    parts: list[bytes] = []
    album = b""
    for name in list(dict.fromkeys(pictures))[:_MOST_PAGES]:
        try:
            with default_storage.open(name, "rb") as stored:
                content = stored.read()
            part = rebuilt(content) if is_pdf(content) else _page_of(upright(content))
            if sum(map(len, parts)) + len(part) <= LARGEST_FILE:
                album = joined_parts([*parts, part])  # what would be too many pages is left out, not all
                parts.append(part)
        except (OSError, TooLarge, UnsupportedType):
            continue
    return album


def _page_of(picture: Image.Image) -> bytes:
    picture.thumbnail((_WIDEST, _WIDEST))
    buffer = io.BytesIO()
    picture.save(buffer, "PDF", quality=80)
    return buffer.getvalue()
