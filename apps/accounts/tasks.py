"""Celery's doors to accounts."""

from celery import shared_task

from apps.accounts.sessions import actions


@shared_task(ignore_result=True)
def forget_expired() -> None:
    """Sessions and tokens whose time is over leave the database."""
    actions.forget_expired()
