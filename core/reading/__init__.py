"""What a firm's owner writes, read exactly: money, percent, counts, dates, yes and no, regions, industries.

Readers of the answer to one question return an `Outcome`; `scan` finds every value in a running sentence. When in doubt
they ask back (`Doubt`): a wrong number is worse than a question.
"""

from core.reading.dates import read_date
from core.reading.outcome import Declined, Doubt, DoubtCode, Known, NoValue, Outcome, Value
from core.reading.places import read_region
from core.reading.scan import Found, FoundKind, scan
from core.reading.trades import read_industry, spoken_industry
from core.reading.values import read_count, read_money, read_number, read_percent
from core.reading.yesno import read_yes_no

__all__ = [
    "Declined",
    "Doubt",
    "DoubtCode",
    "Found",
    "FoundKind",
    "Known",
    "NoValue",
    "Outcome",
    "Value",
    "read_count",
    "read_date",
    "read_industry",
    "read_money",
    "read_number",
    "read_percent",
    "read_region",
    "read_yes_no",
    "scan",
    "spoken_industry",
]
