"""The clock: the date the service acts on, and the machine's own time.

`QIBAN_TODAY` moves the first for rehearsals and checks; leases and rates always use the second.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def machine_now() -> datetime:
    """The machine's time, timezone-aware UTC. For leases, rates and the order of records."""
    return datetime.now(UTC)


class Clock:
    """Tells the service's date and time in its own time zone.

    `pinned` is None (the machine's clock), a date (that day, with the machine's time of day) or a date-time
    (the clock starts there and ticks on). A date-time without an offset is in `timezone`.
    """

    def __init__(
        self,
        timezone: str = "Asia/Shanghai",
        pinned: date | datetime | None = None,
        machine: Callable[[], datetime] = machine_now,
    ) -> None:
        self.timezone = ZoneInfo(timezone)
        self._machine = machine
        self._offset = timedelta(0)
        self._day: date | None = None
        if isinstance(pinned, datetime):
            start = pinned if pinned.tzinfo else pinned.replace(tzinfo=self.timezone)
            self._offset = start - machine()
        elif pinned is not None:
            self._day = pinned

    def now(self) -> datetime:
        """The service's time, aware, in the service's zone."""
        local = (self._machine() + self._offset).astimezone(self.timezone)
        if self._day is not None:
            return local.replace(year=self._day.year, month=self._day.month, day=self._day.day)
        return local

    def today(self) -> date:
        """The service's date."""
        return self.now().date()


def parse_pinned(value: str) -> date | datetime:
    """Read `QIBAN_TODAY`: an ISO date or date-time. Raises ValueError with what was expected."""
    text = value.strip()
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-24") else datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"QIBAN_TODAY: {value!r} is neither 2026-11-24 nor 2026-11-24T09:00") from error
