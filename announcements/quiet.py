"""Quiet hours: announcements that are not urgent wait for the morning."""

from __future__ import annotations

from datetime import datetime, time, timedelta

BEGIN, END = time(20), time(8)
"""From 20:00 to 08:00 of the service's own time."""


def pause(now: datetime) -> timedelta | None:
    """How long it is still quiet at `now` (aware, in the service's zone); None outside quiet hours."""
    if END <= now.time() < BEGIN:
        return None
    morning = now.date() if now.time() < END else now.date() + timedelta(days=1)
    return datetime.combine(morning, END, now.tzinfo) - now
