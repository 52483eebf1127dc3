from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter

from zoo_lab.magics.completion import suggestions
from zoo_lab.magics.fit import COMMAND as FIT


@pytest.mark.parametrize(
    ("text", "word", "offered"),
    [
        ("--b", "--b", ["--batch-size", "--bad-batch", "--background"]),
        ("model train --sync ", "", ["auto", "collect", "shared", "sliced"]),
        ("model train --sync=sh", "sh", ["shared"]),
        ("model train --bad-batch ", "", ["raise", "skip", "quarantine", "ask"]),
        ("model train --epochs ", "", []),
        ("mo", "mo", ["model"]),
        ("model ", "", ["rows"]),
        ("--epochs 3 model --no-shuffle ", "", ["rows"]),
        ("model (rows, ", "(rows, ", []),
    ],
)
def test_what_can_stand_at_the_cursor_is_offered(text, word, offered):
    assert suggestions(FIT, text, {"model": 1, "rows": (1, 2)}) == (word, offered)


def test_an_option_that_is_given_is_not_offered_again():
    _, offered = suggestions(FIT, "model train --epochs 3 --", {})
    assert "--epochs" not in offered
    assert "--batch-size" in offered


def complete(shell, text):
    with provisionalcompleter():
        return [(found.text, text[found.start : found.end]) for found in shell.Completer.completions(text, len(text))]


def test_ipython_completes_options_and_names(shell):
    shell.user_ns.update(net=object(), rows=(1, 2))
    assert complete(shell, "%zoo_fit net rows --batch") == [("--batch-size", "--batch")]
    assert complete(shell, "run = %zoo_fit net ro") == [("rows", "ro")]
    assert complete(shell, "%zoo_fit net \\\n  rows --val") == [("--validation", "--val")]
    assert ("local[2]", "local[") in complete(shell, "%zoo_context --master local[")


def test_other_lines_are_left_to_ipython(shell):
    shell.user_ns["rows"] = (1, 2)
    assert ("rows", "ro") in complete(shell, "x = ro")
    assert "--epochs" not in [text for text, _ in complete(shell, "%timeit --")]
