from __future__ import annotations

import dataclasses
import io
import itertools

from zoo_lab.core.events import IterationDone, KnobTurned, Notice, RunContinued, RunPaused
from zoo_lab.widgets.progress import TextProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(events, stream=None):
    stream = stream or io.StringIO()
    progress = TextProgress("run-1", stream)
    for event in events:
        progress(event)
    return stream.getvalue()


def test_in_a_file_there_is_one_line_an_epoch(recorded):
    lines = printed(recorded(epochs=3)).splitlines()
    assert [line.split(" - ")[0] for line in lines[1:4]] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert len(lines) == 5


def test_an_epochs_line_has_the_numbers_of_keras(recorded):
    line = printed(recorded()).splitlines()[3]
    assert "2,560 samples/s" in line
    assert " - loss: 0.2707 - accuracy: 0.9502 - val_loss: 0.2977" in line


def test_the_first_line_says_what_runs_where(recorded):
    first = printed(recorded()).splitlines()[0]
    assert first == "digits: lenet, 61,706 parameters, 2,560 rows, batch size 128, 3 epochs, 2 workers (shared)"


def test_the_first_line_of_a_run_that_is_cut_short_says_how_many_iterations_it_has(recorded):
    first = dataclasses.replace(recorded()[0], iterations=30)
    assert "batch size 128, 30 iterations, 2 workers" in printed([first])


def test_the_last_line_says_how_it_ended(recorded):
    assert printed(recorded(reason="stopped")).splitlines()[-1].startswith("Stopped by you after 60 iterations")


def test_a_terminal_rewrites_its_line(recorded):
    text = printed(
        [event for event in recorded() if not isinstance(event, IterationDone) or event.iteration < 5][:5], Terminal()
    )
    assert "\rEpoch 1/3 · step 1/20 ━─" in text
    assert text.count("\n") == 1


def test_an_epochs_line_covers_what_stood_there(recorded):
    for row in printed(recorded(), Terminal()).split("\n"):
        pieces = row.split("\r")[1:]
        assert all(len(after) >= len(before.rstrip()) for before, after in itertools.pairwise(pieces))


def test_no_cursor_movement_reaches_a_file(recorded):
    assert "\r" not in printed(recorded())


def test_notices_have_a_line_of_their_own(recorded):
    assert "The driver is short of memory." in printed([Notice(run="run-1", text="The driver is short of memory.")])


def test_a_pause_and_another_learning_rate_are_told():
    turned = KnobTurned(run="run-1", iteration=7, knob="learning_rate", value=0.01, before=0.1)
    text = printed([RunPaused(run="run-1", iteration=7), turned, RunContinued(run="run-1", iteration=7)])
    assert text.splitlines() == [
        "Paused after iteration 7.",
        "From iteration 8 on: learning rate 0.1 → 0.01.",
        "Going on after iteration 7.",
    ]


def test_a_resumed_run_prints_no_rate_of_what_it_only_tells_again(resumed):
    lines = printed(resumed(done=40, more=0)).splitlines()[1:]
    assert [line.split(" - ")[:3] for line in lines] == [
        ["Epoch 1/3", "1.0 s", "loss: 1.027"], ["Epoch 2/3", "1.0 s", "loss: 0.5272"]
    ]  # fmt: skip


def test_the_bar_of_an_epoch_that_is_cut_short_is_full_at_its_end(recorded):
    first, *events = recorded(epochs=2, steps=20)
    text = printed([dataclasses.replace(first, iterations=10), events[9]], Terminal())
    assert f"step 10/10 {'━' * 20} " in text


def test_other_runs_print_nothing(recorded):
    assert printed(recorded(run="other")) == ""
