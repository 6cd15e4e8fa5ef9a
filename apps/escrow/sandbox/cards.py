"""The documented test cards and what happens when they are charged. Source: docs.stripe.com/testing.

No other number is accepted: a real card typed in by mistake is refused before anything is kept of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TestCard:
    """How one test number behaves.

    decline: (code, decline code, sentence) of a charge that fails; challenge: 3-D Secure must be passed first;
    dispute: (reason, status) of a dispute that follows the charge; refund: how a refund ends; instant: the money is
    available at once.
    """

    number: str
    tokens: tuple[str, ...]
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: tuple[str, str | None, str] | None = None
    challenge: bool = False
    dispute: tuple[str, str] | None = None
    refund: str = "succeeded"
    instant: bool = False
    blocked: bool = False
    says: str = field(default="pays", compare=False)

    __test__ = False  # pytest would take the name for a test class


DECLINED = "Your card was declined."
FUNDS = ("card_declined", "insufficient_funds", "Your card has insufficient funds.")

CARDS = (
    TestCard("4242424242424242", ("pm_card_visa",)),
    TestCard("4000056655665556", ("pm_card_visa_debit",), funding="debit"),
    TestCard("5555555555554444", ("pm_card_mastercard",), brand="mastercard"),
    TestCard("5200828282828210", ("pm_card_mastercard_debit",), brand="mastercard", funding="debit"),
    TestCard("378282246310005", ("pm_card_amex",), brand="amex"),
    TestCard("6011111111111117", ("pm_card_discover",), brand="discover"),
    TestCard("4000008260000000", ("pm_card_gb",), country="GB"),
    TestCard("4000002760000016", ("pm_card_de",), country="DE"),
    TestCard("4000002500000003", ("pm_card_fr",), country="FR"),
    TestCard("4000005280000002", ("pm_card_nl",), country="NL"),
    TestCard("4000003920000003", ("pm_card_jp",), country="JP"),
    TestCard(
        "4000000000000077", ("pm_card_bypassPending",), instant=True, says="pays, and the money is available at once"
    ),
    TestCard(
        "4000000000000002",
        ("pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"),
        decline=("card_declined", "generic_decline", DECLINED),
        says="is declined",
    ),
    TestCard(
        "4000000000009995",
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedInsufficientFunds"),
        decline=FUNDS,
        says="is declined: insufficient funds",
    ),
    TestCard(
        "4000000000009987",
        ("pm_card_visa_chargeDeclinedLostCard", "pm_card_chargeDeclinedLostCard"),
        decline=("card_declined", "lost_card", DECLINED),
        says="is declined: lost card",
    ),
    TestCard(
        "4000000000009979",
        ("pm_card_visa_chargeDeclinedStolenCard", "pm_card_chargeDeclinedStolenCard"),
        decline=("card_declined", "stolen_card", DECLINED),
        says="is declined: stolen card",
    ),
    TestCard(
        "4000000000000069",
        ("pm_card_chargeDeclinedExpiredCard", "pm_card_visa_chargeDeclinedExpiredCard"),
        decline=("expired_card", None, "Your card has expired."),
        says="is declined: expired",
    ),
    TestCard(
        "4000000000000127",
        ("pm_card_chargeDeclinedIncorrectCvc", "pm_card_visa_chargeDeclinedIncorrectCvc"),
        decline=("incorrect_cvc", None, "Your card's security code is incorrect."),
        says="is declined: wrong security code",
    ),
    TestCard(
        "4000000000000119",
        ("pm_card_chargeDeclinedProcessingError", "pm_card_visa_chargeDeclinedProcessingError"),
        decline=("processing_error", None, "An error occurred while processing your card. Try again in a little bit."),
        says="fails: processing error",
    ),
    TestCard(
        "4000000000006975",
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded",),
        decline=(
            "card_declined",
            "card_velocity_exceeded",
            "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        ),
        says="is declined: too many attempts",
    ),
    TestCard(
        "4000000000000341",
        ("pm_card_chargeCustomerFail",),
        decline=("card_declined", "generic_decline", DECLINED),
        says="can be saved, then is declined",
    ),
    TestCard(
        "4100000000000019",
        ("pm_card_radarBlock",),
        decline=("card_declined", "fraudulent", DECLINED),
        blocked=True,
        says="is blocked as fraudulent",
    ),
    TestCard(
        "4000002760003184",
        ("pm_card_authenticationRequired",),
        country="DE",
        challenge=True,
        says="asks for 3-D Secure",
    ),
    TestCard(
        "4000002500003155",
        ("pm_card_authenticationRequiredOnSetup",),
        country="FR",
        challenge=True,
        says="asks for 3-D Secure",
    ),
    TestCard("4000000000003220", ("pm_card_threeDSecure2Required",), challenge=True, says="asks for 3-D Secure"),
    TestCard("4000000000003055", ("pm_card_threeDSecureOptional",), says="pays; 3-D Secure is possible but not asked"),
    TestCard(
        "4000008400001629",
        ("pm_card_threeDSecureRequiredChargeDeclined",),
        challenge=True,
        decline=("card_declined", "generic_decline", DECLINED),
        says="asks for 3-D Secure, then is declined",
    ),
    TestCard(
        "4000008260003178",
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",),
        country="GB",
        challenge=True,
        decline=FUNDS,
        says="asks for 3-D Secure, then is declined: insufficient funds",
    ),
    TestCard(
        "4000000000000259",
        ("pm_card_createDispute",),
        dispute=("fraudulent", "needs_response"),
        says="pays, then is disputed as fraudulent",
    ),
    TestCard(
        "4000000000002685",
        ("pm_card_createProductNotReceived",),
        dispute=("product_not_received", "needs_response"),
        says="pays, then is disputed: not received",
    ),
    TestCard(
        "4000000000001976",
        ("pm_card_createDisputeInquiry",),
        dispute=("fraudulent", "warning_needs_response"),
        says="pays, then the bank asks about it",
    ),
    TestCard("4000000000007726", ("pm_card_pendingRefund",), refund="pending", says="pays; a refund takes a while"),
    TestCard("4000000000005126", ("pm_card_refundFail",), refund="failed", says="pays; a refund fails later"),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {token: card for card in CARDS for token in card.tokens}


def passes_checksum(number: str) -> bool:
    """Luhn's check of a card number made of digits."""
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
