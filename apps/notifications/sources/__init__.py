"""Facts of other rooms as notifications: for each topic one function that reads what is needed for a set of them at once."""

from apps.notifications.sources import accounts, alerts, bargaining, collection, escrow, trades  # noqa: F401
from apps.notifications.sources.registry import SOURCES as SOURCES
