"""Tables, and the places of a page that they go into."""

from __future__ import annotations

import pytest

from benchmarks.markdown import replaced, table

PAGE = "before\n<!-- figures -->\nold\nlines\n<!-- /figures -->\nafter\n"


def test_a_table_has_heads_a_rule_and_rows():
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_only_the_named_place_changes_and_can_be_filled_again():
    once = replaced(PAGE, "figures", "new \\1 text\n")
    assert once == "before\n<!-- figures -->\nnew \\1 text\n<!-- /figures -->\nafter\n"
    assert replaced(once, "figures", "old\nlines") == PAGE


def test_a_page_without_the_place_is_refused():
    with pytest.raises(ValueError, match="<!-- other -->"):
        replaced(PAGE, "other", "text")
