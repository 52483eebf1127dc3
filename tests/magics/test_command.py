from __future__ import annotations

import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.context import COMMAND as CONTEXT
from zoo_lab.magics.fit import COMMAND as FIT
from zoo_lab.magics.stop import COMMAND as STOP

NAMES = {"model": "the model", "train": "the data", "test": "the test"}


def test_a_line_gives_only_the_values_that_are_in_it():
    assert FIT.parse("model train", NAMES) == {"model": "the model", "data": "the data"}


def test_options_stand_anywhere_and_with_an_equal_sign():
    values = FIT.parse("--epochs=5 model --no-shuffle train --validation test -o run", NAMES)
    assert values == {
        "model": "the model", "data": "the data", "epochs": 5, "no_shuffle": True, "validation": "the test", "o": "run"
    }  # fmt: skip


def test_options_that_can_be_repeated_are_gathered():
    values = CONTEXT.parse("--conf spark.a=1 --master local[2] --conf spark.b=2", {})
    assert values == {"conf": [("spark.a", "1"), ("spark.b", "2")], "master": "local[2]"}


@pytest.mark.parametrize("line", ["--help", "-h", "model --help --nonsense"])
def test_help_wins_over_everything(line):
    assert FIT.parse(line, {}) is None


def test_everything_that_is_wrong_is_said_at_once_with_near_misses():
    with pytest.raises(ArgumentError) as caught:
        FIT.parse("modl train --epoch 3 --sync extra --batch-size many", NAMES)
    text = str(caught.value)
    assert "%zoo_fit: 3 arguments are wrong." in text
    assert "received 'modl'. Did you mean model?" in text
    assert "received --epoch. Did you mean --epochs?" in text
    assert "--batch-size: Expected a name that this notebook knows; received 'many'." in text


@pytest.mark.parametrize(
    ("command", "line", "said"),
    [
        (FIT, "model", "Expected data: "),
        (FIT, "model train --epochs", "Expected a value after --epochs"),
        (FIT, "model train --epochs --seed 3", "Expected a value after --epochs"),
        (FIT, "model train test", "Expected no more arguments; received 'test'"),
        (FIT, "model train --xyz", "received --xyz. See %zoo_fit --help."),
        (FIT, "model train --checkpoint=", "Expected a value after --checkpoint: PLACE."),
        (FIT, "model train --resume=", "Expected a value after --resume"),
        (FIT, "model train --feature-cols= --seed 3", "Expected a value after --feature-cols"),
        (FIT, "model train --background=False", "Expected --background without a value; received --background=F"),
        (FIT, "model train --no-shuffle=false", "Expected --no-shuffle without a value"),
        (CONTEXT, "--debug=", "Expected --debug without a value"),
        (CONTEXT, "local[2]", "Expected no more arguments"),
        (CONTEXT, "--conf spark.a", "--conf: Expected key=value"),
    ],
)
def test_a_wrong_line_is_refused_with_what_to_do(command, line, said):
    with pytest.raises(ArgumentError) as caught:
        command.parse(line, NAMES)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_argument_with_a_default_can_be_left_out():
    assert STOP.parse("", {}) == {}
