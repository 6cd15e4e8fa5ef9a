"""Writes to scans: send photos, look at one, choose, confirm into the inventory, hand a visitor's scan to a member."""

from apps.scans.actions.looking import MOST_ATTEMPTS, look_at_waiting, process_photo
from apps.scans.actions.reviewing import AlreadyKept, choose, confirm
from apps.scans.actions.sending import MOST_PHOTOS, claim, look_again, resume_stalled, start_scan

__all__ = [
    "MOST_ATTEMPTS",
    "MOST_PHOTOS",
    "AlreadyKept",
    "choose",
    "claim",
    "confirm",
    "look_again",
    "look_at_waiting",
    "process_photo",
    "resume_stalled",
    "start_scan",
]
