"""Refuses form posts that another site made a browser send (CSRF)."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from api import wording
from api.parts import Given
from core.errors import QibanError


class CrossSite(QibanError):
    """A form post that does not come from one of our own pages."""

    code = "cross_site"
    default = wording.CROSS_SITE


async def same_origin(request: Request, parts: Given) -> None:
    """Pass a post from our own pages. Raises CrossSite.

    Browsers say where a post comes from in Sec-Fetch-Site (on https and localhost), older ones and plain http in
    Origin. A client that says neither is no browser, and carries no one's cookie but its own.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite()
        return
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] not in _own_hosts(request, parts.public_url):
        raise CrossSite()


def _own_hosts(request: Request, public_url: str | None) -> set[str]:
    """Host and port under which we are addressed. The scheme is left out: a proxy may end TLS before us."""
    hosts = {request.headers.get("host", ""), urlsplit(public_url or "").netloc}
    return hosts - {""}
