"""How often somebody may ask, and how often somebody may fail to sign in. In memory: a restart forgets.

Imports nothing of the floor, so that `api.parts` can hold a `Limits`.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import ClassVar

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.storage.memory import Entry
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from core.errors import QibanError
from firms import identity_wording as wording
from firms.catalogue import folded_name

FAILURES = 10
"""Failures to sign in, in `FAILURE_MINUTES`, of an account or an address."""
FAILURE_MINUTES = 15

_SWEEP_SECONDS = 30.0
_MOST_KEYS = 10_000
_LONGEST_ACCOUNT = 100


class Refused(QibanError):
    """Not now, or not you: an error with a status and headers of its own."""

    status: ClassVar[int] = 403
    code = "refused"

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the response."""
        return {}


class TooManyRequests(Refused):
    """More often than is allowed; `after` is in how many whole seconds it may be tried again."""

    status = 429
    code = "too_many_requests"

    def __init__(self, after: int, message: str | None = None) -> None:
        super().__init__(message or wording.TOO_MANY_REQUESTS.format(seconds=after))
        self.after = after

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.after)}


@dataclass
class Attempt:
    """A try to sign in. It counts as a failure unless `succeeded` is set."""

    succeeded: bool = False


class Limits:
    """Counts requests and failures. To be used in the event loop only.

    `address_per_10s` requests of an address without a key, `key_per_10s` of a key, in any ten seconds.
    """

    def __init__(self, address_per_10s: int = 400, key_per_10s: int = 1000) -> None:
        self._windows = MovingWindowRateLimiter(_Memory())
        self._per_address = RateLimitItemPerSecond(address_per_10s, 10, namespace="address")
        self._per_key = RateLimitItemPerSecond(key_per_10s, 10, namespace="key")
        self._address_failures = RateLimitItemPerMinute(FAILURES, FAILURE_MINUTES, namespace="address-failures")
        self._account_failures = RateLimitItemPerMinute(FAILURES, FAILURE_MINUTES, namespace="account-failures")
        self._good_keys: OrderedDict[str, None] = OrderedDict()
        self._trying: Counter[tuple[str, str]] = Counter()

    # --- requests ---

    def admit(self, address: str, key: str | None = None) -> None:
        """Count a request. Raises TooManyRequests.

        Only a key that was good before counts by itself: made-up ones count for the address they come from.
        """
        hashed = _hash(key) if key else None
        known = hashed is not None and hashed in self._good_keys
        item, who = (self._per_key, hashed) if known and hashed else (self._per_address, _network(address))
        if not self._windows.hit(item, who):
            raise TooManyRequests(self._seconds_left(item, who))

    def is_good(self, key: str) -> None:
        """A key was verified: from now on it counts by itself."""
        hashed = _hash(key)
        self._good_keys[hashed] = None
        self._good_keys.move_to_end(hashed)
        if len(self._good_keys) > _MOST_KEYS:
            self._good_keys.popitem(last=False)

    def is_bad(self, key: str) -> None:
        """A key does not hold (any more)."""
        self._good_keys.pop(_hash(key), None)

    # --- sign-in ---

    @contextmanager
    def signing_in(self, account: str, address: str) -> Iterator[Attempt]:
        """Let an account (as somebody names it, existing or not) be tried from an address. Raises TooManyRequests.

        An address with 10 failures in 15 minutes is refused. An account with 10 is refused to addresses that failed in
        that time, whomever they tried: nobody can lock out its owner. Tries under way count as failures until they
        are over, so that many at once are no more than one after the other. A refusal is no failure, and an error of
        ours is none.
        """
        network, named = _network(address), folded_name(account[:_LONGEST_ACCOUNT])
        self._refuse_many_failures(named, network)
        trying = (("address", network), ("account", named))
        self._trying.update(trying)
        attempt, broken = Attempt(), False
        try:
            yield attempt
        except Exception:
            broken = True
            raise
        finally:
            self._trying -= Counter(trying)
            if not (attempt.succeeded or broken):
                self._windows.hit(self._address_failures, network)
                self._windows.hit(self._account_failures, named)

    def _refuse_many_failures(self, account: str, network: str) -> None:
        by_address = self._failures(self._address_failures, network, "address")
        by_account = self._failures(self._account_failures, account, "account")
        if by_address >= FAILURES:
            raise self._many_failures(self._address_failures, network)
        if by_account >= FAILURES and by_address:
            raise self._many_failures(self._account_failures, account)

    def _failures(self, item: RateLimitItem, who: str, kind: str) -> int:
        remaining = self._windows.get_window_stats(item, who).remaining
        return item.amount - remaining + self._trying[kind, who]

    def _many_failures(self, item: RateLimitItem, who: str) -> TooManyRequests:
        after = self._seconds_left(item, who)
        return TooManyRequests(after, wording.TOO_MANY_SIGN_INS.format(minutes=math.ceil(after / 60)))

    def _seconds_left(self, item: RateLimitItem, who: str) -> int:
        """Until the oldest of those counted does not count any more: at least 1."""
        return max(1, math.ceil(self._windows.get_window_stats(item, who).reset_time - time.time()))


class _Memory(MemoryStorage):
    """The library's store without its threads: it starts one for every hit and never forgets a name it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self._swept_at = time.time()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take an entry of the moving window, newest first; False when it is full."""
        now = time.time()
        self._sweep(now)
        entries = self.events.setdefault(key, [])
        if amount > limit or (len(entries) > limit - amount and entries[limit - amount].atime >= now - expiry):
            return False
        entries[:0] = [Entry(expiry) for _ in range(amount)]
        del entries[limit:]
        return True

    def _sweep(self, now: float) -> None:
        """Now and then, forget who was not here lately."""
        if 0 <= now - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = now
        for key in [key for key, entries in self.events.items() if not entries or entries[0].expiry < now]:
            del self.events[key]


# --- requests ---


async def check(request: Request) -> None:
    """Count a request of the HTTP interface: a dependency of its routers. Raises TooManyRequests."""
    limits: Limits = request.app.state.parts.limits
    limits.admit(address_of(request), bearer(request))


def address_of(request: Request) -> str:
    """Where a request comes from: the peer, or what a proxy we trust says (that is put in place before us)."""
    return request.client.host if request.client else ""


def bearer(request: Request) -> str | None:
    """The key in a request's `Authorization: Bearer KEY`; empty when the key is missing, None for anything else."""
    scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def _network(address: str) -> str:
    """Who an address counts as: an IPv6 host has a whole /64 to choose from."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
