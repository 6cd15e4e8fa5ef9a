"""The ledger's tables: accounts, transactions, entries; the seals and the checks over them.

What they promise (zero sum per currency, append only, floors) is kept by triggers: see the migrations, and ledger/.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.core.money import Money


class LedgerAccount(models.Model):
    """One balance in one currency. `code` says whose: `hold:<id>`, `member:<id>:available`, `platform:fees` …"""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(
        default=0,
        help_text="derived by trigger: of all entries with a floor, of the sealed ones without; read live_balance",
    )
    floor = models.BigIntegerField(null=True, blank=True, help_text="the balance may not go below; empty: no floor")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "currency"], name="account_once_per_currency"),
            models.UniqueConstraint(fields=["id", "currency"], name="account_currency_reference"),
            models.CheckConstraint(
                condition=Q(floor__isnull=True) | Q(balance__gte=F("floor")), name="account_balance_above_floor"
            ),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="account_currency_is_a_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.currency}"

    @property
    def live_balance(self) -> int:
        """The balance now, in minor units; an account without a floor asks for its entries since the last seal."""
        from apps.escrow import ledger

        return self.balance if self.floor is not None else ledger.balance(self.code, self.currency).amount_minor


class LedgerTransaction(models.Model):
    """Entries that sum to zero per currency, posted once per idempotency key."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=24)
    idempotency_key = models.CharField(max_length=160, unique=True)
    cause = models.CharField(max_length=120, blank=True, help_text="e.g. hold:0190…")
    posted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} {self.idempotency_key}"


class LedgerEntry(models.Model):
    """An amount on one account; append only."""

    id = models.BigAutoField(primary_key=True)
    # The trigger of the entries sees to transaction, account and currency: foreign keys would look again, and lock an
    # account that all post to.
    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="entries", db_constraint=False
    )
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["account", "transaction"], name="entry_of_account")]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="entry_amount_not_zero")]

    def __str__(self) -> str:
        return str(Money(self.amount, self.currency))


class LedgerSeal(models.Model):
    """A run of transactions, up to `last_id`, put under the chain of hashes; append only. See ledger/sealing.py."""

    number = models.BigIntegerField(primary_key=True)
    last_id = models.BigIntegerField(unique=True)
    ids = ArrayField(models.BigIntegerField(), help_text="of the transactions, in order")
    hashes = models.BinaryField(help_text="the hash after each of them, 32 bytes each")
    previous = models.BinaryField(help_text="the hash before the first of them")
    hash = models.BinaryField(help_text="the hash after the last of them")
    sealed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"seal {self.number}"


class LedgerHorizon(models.Model):
    """One row: the highest transaction id when the sealer last looked, and the SQL transactions that then wrote."""

    last_id = models.BigIntegerField()
    writers = ArrayField(models.TextField(), db_default=[])

    def __str__(self) -> str:
        return f"up to {self.last_id}"


class LedgerCheck(models.Model):
    """One proof of the books by the schedule: what it went over, and every invariant that it found broken."""

    checked_at = models.DateTimeField(default=timezone.now, db_index=True)
    transactions = models.BigIntegerField()
    entries = models.BigIntegerField()
    seals = models.BigIntegerField()
    head = models.CharField(max_length=64, blank=True, help_text="the chain's hash at the last seal, in hex")
    findings = models.JSONField(default=list, help_text="a sentence for each")

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}: {len(self.findings)} findings"
