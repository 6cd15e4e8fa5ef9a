"""How events are kept for those who were away for a moment: one capped Redis Stream for each live stream, some minutes long.

Appending and publishing are one script, so that ids rise in the order in which they are heard. Reading after an id says
whether anything in between is gone. `began` holds since when this Redis keeps: after a restart older ids count for nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

import redis
from django.conf import settings

KEPT_MS = 10 * 60 * 1000
WATCHED_MS = 15 * 60 * 1000
"""For how long a stream counts as watched; longer than KEPT_MS, and renewed while somebody follows."""
MOST_KEPT = 100
EVENT_ID = re.compile(r"\d{1,16}-\d{1,16}")

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# KEYS: stream, watched, began. ARGV: channel, key, kept ms, most, event, whether only where watched.
PUSH = (
    _NOW
    + """
if ARGV[6] == '1' then
  local till = redis.call('ZSCORE', KEYS[2], ARGV[2])
  if not till or tonumber(till) < now then return false end
end
redis.call('SET', KEYS[3], string.format('%.0f', now), 'NX')
local id = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[4], '*', 'event', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[1], id .. ' ' .. ARGV[5])
return id
"""
)

# KEYS: stream, watched, began. ARGV: key, last id or nothing, kept ms, most, watched ms, whether only where watched.
# Answers whether all since then is here, the id that the reader has reached, and what was missed.
SINCE = (
    _NOW
    + """
local till = redis.call('ZSCORE', KEYS[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[5]), ARGV[1])
redis.call('SET', KEYS[3], string.format('%.0f', now - 1), 'NX')
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local at = newest and newest[1] or string.format('%.0f-0', now - 1)
if ARGV[2] == '' then return {1, at, {}} end
local last, part = string.match(ARGV[2], '^(%d+)-(%d+)$')
last, part = tonumber(last), tonumber(part)
local complete = last >= tonumber(redis.call('GET', KEYS[3]))
if ARGV[6] == '1' and (not till or tonumber(till) < now) then complete = false end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if complete and oldest then
  local first, of_it = string.match(oldest[1], '^(%d+)-(%d+)$')
  first, of_it = tonumber(first), tonumber(of_it)
  local reaches_back = last > first or (last == first and part >= of_it)
  local untrimmed = redis.call('XLEN', KEYS[1]) < tonumber(ARGV[4])
  complete = reaches_back or (untrimmed and last > now - ARGV[3])
elseif complete then
  complete = last > now - ARGV[3]
end
if not complete then return {0, at, {}} end
return {1, at, redis.call('XRANGE', KEYS[1], '(' .. ARGV[2], '+')}
"""
)


def name(*parts: str) -> str:
    """A key or channel of ours in Redis."""
    return ":".join((settings.LIVE_PREFIX, *parts))


def keys_of(stream: str) -> list[str]:
    """What both scripts touch."""
    return [name("kept", stream), name("watched", stream.partition(":")[0]), name("began")]


def push_arguments(stream: str, event: str, *, only_watched: bool) -> list[str | int]:
    """ARGV of PUSH; event: JSON."""
    key = stream.partition(":")[2]
    return [name("heard", stream), key, KEPT_MS, MOST_KEPT, event, int(only_watched)]


def since_arguments(stream: str, last: str, *, only_watched: bool) -> list[str | int]:
    """ARGV of SINCE; last: an event's id, or nothing for from now on."""
    return [stream.partition(":")[2], last, KEPT_MS, MOST_KEPT, WATCHED_MS, int(only_watched)]


def is_newer(one: str, other: str) -> bool:
    """Whether the event `one` came after `other`."""
    return _order(one) > _order(other)


def _order(event_id: str) -> tuple[int, int]:
    milliseconds, _, part = event_id.partition("-")
    return int(milliseconds), int(part)


@lru_cache(maxsize=16)
def client(url: str) -> redis.Redis:
    """This process's connections for pushing: what does not answer soon is given up, for pushing is liveness only."""
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, decode_responses=True)
