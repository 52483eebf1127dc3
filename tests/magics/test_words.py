from __future__ import annotations

import pytest

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.words import split_words, words_so_far


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("model train", ["model", "train"]),
        ("model (x, y)  --epochs 5", ["model", "(x, y)", "--epochs", "5"]),
        ("m {'a': (1, 2)} --name 'two words'", ["m", "{'a': (1, 2)}", "--name", "'two words'"]),
        ("m f(x)[1:, 2] # the rest", ["m", "f(x)[1:, 2]"]),
        ("--conf spark.a='b c' -o run", ["--conf", "spark.a='b c'", "-o", "run"]),
        ("--master local[*]", ["--master", "local[*]"]),
        ("colour#1", ["colour#1"]),
        ("'a (b' c", ["'a (b'", "c"]),
    ],
)
def test_blanks_separate_words_outside_of_brackets_and_quotes(line, words):
    assert split_words(line) == words


@pytest.mark.parametrize(("line", "opened"), [("model (x, y", "("), ("--name 'two words", "'"), ("[(1)", "[")])
def test_what_is_not_closed_is_named(line, opened):
    with pytest.raises(ArgumentError, match="to be closed") as caught:
        split_words(line)
    assert f"; {opened} is open" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"), [("", [""]), ("mod", ["mod"]), ("model ", ["model", ""]), ("model (x, ", ["model", "(x, "])]
)
def test_a_line_that_is_being_written_ends_with_the_word_at_the_cursor(text, words):
    assert words_so_far(text) == words
