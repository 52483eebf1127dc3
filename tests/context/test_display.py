"""The context as a table in a cell."""

from __future__ import annotations

from zoo_lab.context.display import as_html
from zoo_lab.context.nncontext import NNContext


def test_the_table_shows_what_is_known_and_escapes_it() -> None:
    text = as_html({"app": "<b>", "master": "local[2]", "slots": 2, "ui": "http://127.0.0.1:4040"})
    assert "&lt;b&gt;" in text
    assert '<a class="zoo-lab-spark-ui" href="http://127.0.0.1:4040"' in text
    assert "Memory" not in text


def test_a_link_that_is_none_stays_text() -> None:
    assert "<a " not in as_html({"ui": "javascript:alert(1)"})


def test_the_context_has_a_table_and_its_plain_twin(context: NNContext) -> None:
    for name, value in context.describe().items():
        assert f"{name}={value}" in repr(context)
        assert str(value) in context._repr_html_()
