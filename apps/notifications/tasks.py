"""Celery's doors into notifications. Each may be killed at any time and run twice."""

from celery import shared_task

from apps.notifications import deadlines
from apps.notifications.mail import sending as mail
from apps.notifications.push import sending as push
from apps.notifications.webhooks import sending as webhooks


@shared_task(ignore_result=True)
def send_due() -> None:
    """Send what is due by every channel."""
    send_mail.apply_async(retry=False, ignore_result=True)
    send_push.apply_async(retry=False, ignore_result=True)
    send_webhooks.apply_async(retry=False, ignore_result=True)


@shared_task(ignore_result=True)
def send_mail() -> int:
    """Gather and send e-mail that is due."""
    return mail.send_due()


@shared_task(ignore_result=True)
def send_push() -> int:
    """Send push messages that are due."""
    return push.send_due()


@shared_task(ignore_result=True)
def send_webhooks() -> int:
    """Hand over what waits for integrators' endpoints."""
    return webhooks.send_due()


@shared_task(ignore_result=True)
def remind_of_deadlines() -> int:
    """Remind who acts next of deadlines that are near."""
    return deadlines.remind()
