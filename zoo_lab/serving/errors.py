"""What a request can be answered with when it cannot be answered: a status, a type for programs, a sentence."""

from __future__ import annotations

from typing import Any, NoReturn

from zoo_lab.core.errors import ZooLabError


class ServiceError(ZooLabError):
    """A request that is refused or failed.

    Args:
        status: of HTTP.
        kind: a word that programs can compare, such as "too_large".
        message: what was expected, what came, what to do.
        headers: of the answer, such as Retry-After.
    """

    def __init__(self, status: int, kind: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def body(self) -> dict[str, Any]:
        """The answer: "error" is the sentence, as TensorFlow Serving's clients know it."""
        return {"error": str(self), "type": self.kind}


def refuse(message: str) -> NoReturn:
    """Raise the error of a body that does not say what to predict."""
    raise ServiceError(400, "bad_request", message)
