from __future__ import annotations

import pytest

from zoo_lab.core.contextoptions import as_plain
from zoo_lab.widgets.context_form import ContextForm


@pytest.fixture
def started():
    return []


@pytest.fixture
def form(started, monkeypatch):
    """A form whose master must not be "wrong" and whose memory "failing" makes Start fail; `form.sent` is what it sent."""

    def check(values):
        problems = {"--master": "Expected another."} if values.get("--master") == "wrong" else {}
        return f"%zoo_context {values.get('--master', '')}".strip(), problems

    def start(values, say):
        say("Starting Spark …")
        if values.get("--memory") == "failing":
            msg = "no memory"
            raise RuntimeError(msg)
        started.append(values)

    made = ContextForm(as_plain(), {"--master": "local[2]"}, check, start)
    sent = []
    monkeypatch.setattr(made, "send", sent.append)
    return made, sent


def receive(form, **content):
    form._receive(form, content, [])


def test_it_begins_with_its_fields_their_values_and_the_line(form):
    made, _ = form
    assert made.line == "%zoo_context local[2]"
    assert made.values == {"--master": "local[2]"}
    assert [field["name"] for field in made.fields][:2] == ["--master", "--memory"]


def test_a_change_is_answered_with_the_line_and_what_is_wrong(form, started):
    made, sent = form
    receive(made, type="check", values={"--master": "wrong"})
    assert made.line == "%zoo_context wrong"
    assert sent == [{"type": "checked", "problems": {"--master": "Expected another."}}]
    assert started == []


def test_start_begins_where_nothing_is_wrong(form, started):
    made, sent = form
    receive(made, type="start", values={"--master": "wrong"})
    assert started == []
    receive(made, type="start", values={"--master": "yarn"})
    assert started == [{"--master": "yarn"}]
    assert [message["type"] for message in sent] == ["checked", "checked", "said", "started"]


def test_what_start_raises_is_shown_in_the_form(form, started):
    made, sent = form
    receive(made, type="start", values={"--memory": "failing"})
    assert sent[-1] == {"type": "failed", "text": "RuntimeError: no memory"}
    assert started == []


def test_messages_of_other_kinds_are_left_alone(form, started):
    made, sent = form
    receive(made, type="else", values={})
    assert sent == started == []
