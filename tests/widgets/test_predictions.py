"""Rows and their predictions, as a table or pictures, and as the same text."""

from __future__ import annotations

from zoo_lab.widgets.predictions import PredictedRow, as_text, bundle

PICTURE = b"\x89PNG not really"


def test_a_table_shows_inputs_truth_and_prediction_and_escapes_them():
    rows = [
        PredictedRow({"a": "<1>", "b": "x"}, "cat 90 %", "dog"),
        PredictedRow({"a": "2", "b": "y"}, "dog 80 %", "dog"),
    ]
    shown = bundle("2 rows & more", rows)
    page = shown["text/html"]
    assert page.startswith("<table>")
    assert "2 rows &amp; more" in page
    assert "&lt;1&gt;" in page
    assert "<1>" not in page
    assert page.count("<th scope=") == 4 + 2
    assert shown["text/plain"].splitlines() == [
        "2 rows & more",
        "  a    b  expected  prediction",
        "0 <1>  x  dog       cat 90 %",
        "1 2    y  dog       dog 80 %",
    ]


def test_pictures_make_a_grid_with_words_for_those_who_do_not_see_them():
    rows = [
        PredictedRow({"x": "image"}, "cat 90 %", "dog", picture=PICTURE),
        PredictedRow({}, "", "", "no <file>", PICTURE),
    ]
    page = bundle("2 rows", rows)["text/html"]
    assert page.count("<figure") == page.count('src="data:image/png;base64,') == 2
    assert 'alt="predicted cat 90 %"' in page
    assert 'alt="no &lt;file&gt;"' in page
    assert "(expected dog)" in page
    assert "<file>" not in page


def test_a_right_prediction_needs_no_word_more():
    for label in ("cat", "polar bear"):
        page = bundle("1 row", [PredictedRow({}, f"{label} 90 %", label, picture=PICTURE)])["text/html"]
        assert "expected" not in page
    assert "expected" in bundle("1 row", [PredictedRow({}, "polar bear 9 %", "polar", picture=PICTURE)])["text/html"]


def test_a_row_that_failed_says_why():
    rows = [PredictedRow({"a": "1"}, "2.5"), PredictedRow({"a": ""}, error="received null")]
    assert as_text("2 rows", rows).splitlines()[-1] == "1    none: received null"


def test_no_rows_are_a_title_alone():
    assert as_text("0 rows", []) == "0 rows"
    assert "0 rows" in bundle("0 rows", [])["text/html"]
