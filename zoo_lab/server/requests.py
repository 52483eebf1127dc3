"""What may be asked of a kernel, and whether a request's body asks just that. Pure: no HTTP, no files."""

from __future__ import annotations

import json
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError

MAX_BODY_BYTES = 16 * 1024
_MAX_TEXT = 200

# action -> the fields that it takes besides "action", each a text that must be there.
ACTIONS: dict[str, tuple[str, ...]] = {
    "branch": ("run", "iteration", "changes", "token"),
    "decide": ("run", "iteration", "choice"),
    "knob": ("run", "knob", "value"),
    "pause": ("run",),
    "resume": ("run",),
    "stop": ("run",),
    "stop_context": ("app",),
}


def parse_request(body: bytes) -> dict[str, Any]:
    """Return the request that the JSON in `body` makes, such as {"action": "stop", "run": "…"}.

    Raises:
        ArgumentError: `body` is no JSON object, its action is unknown, or its fields are not those of the action.

    Example:
        >>> parse_request(b'{"action": "stop", "run": "a1"}')
        {'action': 'stop', 'run': 'a1'}
    """
    request = _json_object(body)
    checks = Checks("request")
    checks.one_of("action", request.get("action"), ACTIONS)
    checks.done()
    _check_fields(request, checks)
    checks.done()
    return request


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = f'Expected a JSON object such as {{"action": "stop", "run": "…"}}; received no JSON: {error}.'
        raise ArgumentError(msg) from error
    if not isinstance(request, dict):
        msg = f"Expected a JSON object; received a JSON {type(request).__name__}."
        raise ArgumentError(msg)
    return request


def _check_fields(request: dict[str, Any], checks: Checks) -> None:
    fields = ACTIONS[request["action"]]
    for name in fields:
        value = request.get(name)
        fine = isinstance(value, str) and 0 < len(value) <= _MAX_TEXT
        checks.require(fine, f"Expected {name} to be a text of 1 to {_MAX_TEXT} characters; received {value!r:.80}.")
    for name in sorted(set(request) - {"action", *fields}):
        checks.fail(f"Received an unknown field {name!r:.80}; {request['action']!r} takes: {', '.join(fields)}.")
