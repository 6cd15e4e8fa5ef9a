"""Tasks that take as long as they are told, on a queue of their own, writing down in Redis when they begin and end."""

import time

import redis
from django.conf import settings

from config.celery import app

QUEUE = "rolling"


@app.task(queue=QUEUE, name="tests.rolling.slow.take")
def take(key: str, seconds: float) -> None:
    """Begin, take the time, end."""
    store = redis.Redis.from_url(settings.REDIS_URL)
    store.rpush(f"rolling:{key}:begun", time.time())
    if store.llen(f"rolling:{key}:begun") == 1:
        time.sleep(seconds)
    store.rpush(f"rolling:{key}:ended", time.time())
