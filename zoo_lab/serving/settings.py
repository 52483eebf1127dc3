"""The limits of a service, and what is wrong with them."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass

from zoo_lab.core.checks import Checks


@dataclass(frozen=True)
class Settings:
    """How a service listens, and what it puts up with.

    Attributes:
        host: the address to bind; others than the own machine need a token.
        port: 0 takes a free one.
        token: what requests must bring as "Authorization: Bearer …"; "" asks for none.
        max_batch: rows that share one call of the model at most.
        max_wait: seconds that a request waits for others at most.
        max_body: bytes of a request's body.
        max_held: bytes of all bodies together that are held at a time; more are told to come back.
        max_waiting: requests that wait at a time; more are told to come back.
        timeout: seconds until a request is answered, one way or the other.
        read_timeout: seconds in which headers must have come, and then as many for the body.
        connections: open at a time.
        concurrency: calls of the model at a time.
    """

    host: str = "127.0.0.1"
    port: int = 8501
    token: str = ""
    max_batch: int = 64
    max_wait: float = 0.002
    max_body: int = 32 << 20
    max_held: int = 256 << 20
    max_waiting: int = 1024
    timeout: float = 30.0
    read_timeout: float = 10.0
    connections: int = 1024
    concurrency: int = 1

    def check(self) -> None:
        """Raise `ArgumentError` that lists everything that is wrong."""
        checks = Checks("serve")
        for name in ("max_batch", "max_body", "max_held", "max_waiting", "connections", "concurrency"):
            checks.positive_int(name, getattr(self, name))
        checks.natural_int("port", self.port)
        for name, least in (("max_wait", 0.0), ("timeout", 0.001), ("read_timeout", 0.001)):
            value = getattr(self, name)
            fits = isinstance(value, (int, float)) and math.isfinite(value) and value >= least
            checks.require(fits, f"Expected {name} to be seconds, at least {least}; received {value!r}.")
        local = bool(self.token) or is_loopback(self.host)
        checks.require(local, f"Expected a token on {self.host!r}, as other machines reach it; received none.")
        checks.done()


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from the own machine only.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("localhost")
        (True, False, True)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
