"""Writes: a member's answers, appended to the record."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from apps.accounts.consent.models import Consent, Where
from apps.accounts.consent.queries import standings
from apps.accounts.consent.texts import TEXTS, Purpose
from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput


class RequiredForAccount(Conflict):
    """There is no account without these."""

    code = "REQUIRED_FOR_ACCOUNT"
    message = "Your account stands on this text. You can end both by deleting the account under Your data."


@transaction.atomic
def answer(
    *, member: User, answers: Mapping[str, bool], where: Where, versions: Mapping[str, str] | None = None
) -> int:
    """Write down what the member says, of the wording in force; how many answers are new. What stands already is not repeated.

    versions: what the reader had before them; a wording that changed meanwhile is not agreed to unread.
    Raises InvalidInput (no such purpose), Conflict (another version is in force), RequiredForAccount (a no to a required one).
    """
    if unknown := set(answers) - set(Purpose.values):
        raise InvalidInput("There is nothing of that name to agree to.", unknown=sorted(unknown))
    User.objects.select_for_update().only("pk").get(pk=member.pk)  # two tabs at once give one row
    now = {one.text.purpose.value: one for one in standings(member_id=member.pk)}
    written = []
    for purpose, given in answers.items():
        text = TEXTS[Purpose(purpose)]
        if not given and text.is_required:
            raise RequiredForAccount
        if given and versions is not None and versions.get(purpose, text.version) != text.version:
            raise Conflict("This text has changed. Read it as it is now, then answer again.", version=text.version)
        if now[purpose].holds if given else not now[purpose].given:
            continue
        written.append(Consent(member=member, purpose=purpose, version=text.version, given=given, where=where))
    Consent.objects.bulk_create(written)
    return len(written)
