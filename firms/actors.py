"""Who does something: a firm, a provider, a member of staff, or the operator at the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core import regions
from firms import audit

Kind = Literal["firm", "provider", "staff", "operator"]
Role = Literal["editor", "approver", "admin"]
ROLES: tuple[Role, ...] = ("editor", "approver", "admin")


@dataclass(frozen=True)
class Actor:
    """`owner` is a firm's id, a provider's name, or a member of staff's name.

    `role` and `region` are a member of staff's: no role has the rights of an editor, no region knows no limit.
    """

    kind: Kind
    owner: str
    role: Role | None = None
    region: str | None = None

    @property
    def name(self) -> str:
        """As the audit log names it."""
        return self.owner if self.kind == "operator" else f"{self.kind}:{self.owner}"

    @property
    def is_staff(self) -> bool:
        """Whether it acts for the bureau."""
        return self.kind in ("staff", "operator")

    @property
    def may_approve(self) -> bool:
        """Whether it may approve what somebody else wrote."""
        return self.kind == "operator" or (self.kind == "staff" and self.role in ("approver", "admin"))

    @property
    def may_administer(self) -> bool:
        """Whether it may change staff and settings."""
        return self.kind == "operator" or (self.kind == "staff" and self.role == "admin")

    def covers(self, region: str) -> bool:
        """Whether a region is within its reach: county staff see their county only."""
        return self.kind == "operator" or (
            self.kind == "staff" and (self.region is None or regions.covers(self.region, region))
        )


OPERATOR = Actor("operator", audit.COMMAND_LINE)
"""Whoever may run the `qiban` command."""
