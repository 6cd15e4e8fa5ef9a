"""The marketplace's rules: deadlines, fees, limits, and what counts as risk. docs/architecture.md tells the deadlines."""

from datetime import timedelta
from pathlib import Path

from config.env import environment

ENV = environment()

TRADE_DEADLINES = {
    "pay": timedelta(hours=24),
    "ship": timedelta(days=7),  # then the buyer may cancel
    "ship_final": timedelta(days=10),  # then the money goes back by itself
    "deliver": timedelta(days=21),  # then "where is it?" is asked
    "lost": timedelta(days=30),  # from shipping: the lost claim opens
    "unclaimed": timedelta(days=40),  # from shipping: released by itself when nothing was claimed
    "inspect": timedelta(hours=72),
    "answer_dispute": timedelta(days=3),
    "escalate_dispute": timedelta(days=14),
    "settle": timedelta(days=3),  # of each side in the talks of a case, and of an offer to settle
    "appeal": timedelta(days=3),  # from a moderator's decision; the money waits
    "return_ship": timedelta(days=5),  # until when a parcel that goes first must have left
    "return_arrive": timedelta(days=14),  # from then: silence of who gets it counts as received
}
PLATFORM_FEE_BASIS_POINTS = 500
PLATFORM_FEE_FIXED_MINOR = 30
TAX_THRESHOLDS = Path(ENV.tax_thresholds) if ENV.tax_thresholds else None
NEW_SELLER_OPEN_LIMIT_MINOR = 50_000
NEW_SELLER_SALES = 5  # completed sales after which the limits are lifted
NEW_SELLER_LISTINGS_A_DAY = 500
CART_SOLVER_SECONDS = ENV.cart_solver_seconds
OFFERS = {
    "open_for": timedelta(hours=48),  # until when an offer can be answered
    "reserved_for": timedelta(hours=24),  # the agreed copies, until the buyer checks out
    "most_open": 20,  # offers of one buyer at a time
    "most_per_listing": 50,
    "tries_a_day": 5,  # of one side about one listing, so that a lowest price cannot be felt out
}
FOUR_EYES_ABOVE = ENV.four_eyes_above  # in major units of the currency that moves
LISTING_PHOTOS_ABOVE = ENV.listing_photos_above  # in major units of the listing's currency
LISTING_PHOTOS_OF_GRADED = ENV.listing_photos_of_graded
SWAPS = {
    "open_for": timedelta(days=3),  # until when a proposal can be answered
    "most_open": 30,  # proposals of one member at a time
    "most_lines": 40,
    "most_cash_minor": 500_000,
    "deposit_over_minor": 10_000,  # known members leave a deposit where a pile is worth more
    "deposit_percent": 100,  # of the value of what comes to a side
}

# docs/risk.md
RISK_MODE = ENV.risk_mode
RISK_TEST_CARDS = False  # whether the processor's public test cards count as cards of somebody
RISK = {
    "review_at": 50,  # of 100: from here a moderator looks before it goes on
    "refuse_at": 90,  # of 100, and only on signs of more than one family
    "weights": {  # 0 turns a rule off
        "same-card": 60,
        "passed-card": 40,
        "same-bank": 60,
        "same-address": 45,
        "same-household": 25,
        "same-device": 45,
        "same-network": 10,
        "many-payments": 30,
        "many-cards": 40,
        "many-listings": 25,
        "many-addresses": 25,
        "many-sign-ups": 25,
        "new-and-dear": 25,
        "linked-to-refused": 55,
        "photo-of-another": 60,
    },
    "pace": {  # so many in an hour and in a day are usual at most
        "payment": (10, 30),
        "listing": (300, 1000),
        "offer": (40, 150),
        "address": (3, 5),
    },
    "stop_at_times": 4,  # so many times what is usual is refused outright
    "cards_a_day": 3,  # new cards of one member
    "sign_ups_a_day": 5,  # accounts from one network
    "young": timedelta(days=7),
    "dear_minor": 30_000,
    "crowd": 8,  # what so many members share says nothing of two of them
    "photos_compared": 12,  # earlier photographs that a new one is laid over, at most
}
