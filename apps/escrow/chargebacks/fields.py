"""What a bank can be told, by the processor's field names: which are words, which are files, and what each is for.

Source: docs.stripe.com/api/disputes/evidence_object. No database here.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WORDS = {
    "product_description": _("What was sold"),
    "customer_name": _("The buyer's name"),
    "customer_email_address": _("The buyer's e-mail address"),
    "shipping_address": _("Where it was sent"),
    "shipping_carrier": _("Carrier"),
    "shipping_tracking_number": _("Tracking number"),
    "shipping_date": _("Sent on"),
    "service_date": _("Delivered on"),
    "refund_policy_disclosure": _("The terms, and where the buyer saw them"),
    "refund_refusal_explanation": _("Why nothing is refunded"),
    "uncategorized_text": _("Messages, and everything else that speaks for the seller"),
}
LONG = frozenset(
    {"product_description", "refund_policy_disclosure", "refund_refusal_explanation", "uncategorized_text"}
)
FILES = {
    "shipping_documentation": _("Proof of posting or delivery"),
    "customer_communication": _("Messages, as a file"),
    "receipt": _("Receipt"),
    "uncategorized_file": _("Photos"),
}
LONGEST = 20_000
LARGEST_FILE = 4_500_000  # of all files together, as the card networks take them
TERMS = (
    "The payment is held until the buyer has received the parcel and confirms it, or lets three days of inspection pass"
    " without an objection. A buyer who objects within that time is heard, and refunded where the objection is right. These"
    " terms are published on the page Purchase protection, which the checkout links to."
)
