"""Lets a request in: with the token, or on the own machine under its own name; everything else is told why not."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from zoo_lab.serving.errors import ServiceError
from zoo_lab.serving.settings import Settings, is_loopback


def expect_allowed(headers: Mapping[str, str], settings: Settings) -> None:
    """Raise `ServiceError` unless a request may be answered.

    Without a token a page from elsewhere in the same machine's browser could ask too: it does so under the name of
    its own server, which is how it is known.

    Args:
        headers: of the request.
        settings: of the service.
    """
    if settings.token:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        right = scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), settings.token.encode())
        if not right:
            msg = 'Expected the header "Authorization: Bearer TOKEN" with the token that the service printed.'
            raise ServiceError(401, "unauthorized", msg, WWW_Authenticate="Bearer")
    elif not is_loopback(_name(headers.get("host", ""))):
        msg = "Expected a request to localhost, as this service has no token; received another name for it."
        raise ServiceError(403, "forbidden", msg)


def _name(host: str) -> str:
    """Return a Host header without its port."""
    return host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
