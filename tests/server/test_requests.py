from __future__ import annotations

import json

import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.server.requests import ACTIONS, parse_request


def test_a_stop_request_comes_back_as_it_was_sent():
    assert parse_request(b'{"action": "stop", "run": "a1"}') == {"action": "stop", "run": "a1"}


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_is_taken_with_exactly_its_fields(action):
    request = {"action": action, **dict.fromkeys(ACTIONS[action], "x")}
    assert parse_request(json.dumps(request).encode()) == request


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"", "JSON"),
        (b"\xff\xfe\xfd", "JSON"),
        (b"[" * 8000, "JSON"),
        (b"[1, 2]", "received a JSON list"),
        (
            b'{"run": "a1"}',
            "Expected action to be one of 'branch', 'decide', 'knob', 'pause', 'resume', 'stop', 'stop_context'; received None",
        ),
        (b'{"action": "stpo", "run": "a1"}', "Did you mean 'stop'?"),
        (b'{"action": ["stop"], "run": "a1"}', "Expected action"),
        (b'{"action": "stop"}', "Expected run to be a text"),
        (b'{"action": "stop", "run": ""}', "Expected run to be a text"),
        (b'{"action": "stop", "run": {"id": 1}}', "Expected run to be a text"),
        (b'{"action": "stop", "run": "' + b"x" * 201 + b'"}', "1 to 200 characters"),
        (b'{"action": "stop", "run": "a1", "path": "../x"}', "unknown field 'path'"),
    ],
)
def test_a_body_that_asks_for_something_else_is_refused_with_what_was_expected(body, names):
    with pytest.raises(ArgumentError) as caught:
        parse_request(body)
    assert names in str(caught.value)
    assert len(str(caught.value)) < 500
