"""A form for a context's settings in the cell. It shows and asks; what a setting may be and what Start does is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from zoo_lab.widgets import assets

Values = Mapping[str, str]


class ContextForm(anywidget.AnyWidget):
    """One field for each setting, the line that says the same, and Start.

    Args:
        fields: the settings, as `core.contextoptions.as_plain` gives them.
        values: what the fields begin with, option → text; a flag that is set is "1".
        check: called with the values as they change; returns the line, and what is wrong by option.
        start: called with the values when Start is pressed and nothing is wrong, and with a function that says in
            the form how far it is. What it raises is shown in the form.
        notice: what to know before, default nothing.

    Example:
        >>> form = ContextForm(as_plain(), {}, check, start)                # doctest: +SKIP
    """

    _esm = assets.module("context_form")
    _css = assets.style("context_form")

    fields = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        fields: Sequence[Mapping[str, Any]],
        values: Values,
        check: Callable[[Values], tuple[str, Mapping[str, str]]],
        start: Callable[[Values, Callable[[str], None]], None],
        notice: str = "",
    ) -> None:
        super().__init__(fields=list(fields), values=dict(values), line=check(values)[0], notice=notice)
        self._check = check
        self._start = start
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        values = {str(name): str(text) for name, text in dict(content.get("values") or {}).items()}
        if content.get("type") not in ("check", "start"):
            return
        self.line, problems = self._check(values)
        self.send({"type": "checked", "problems": dict(problems)})
        if content["type"] == "start" and not problems:
            self._begin(values)

    def _begin(self, values: Values) -> None:
        try:
            self._start(values, lambda text: self.send({"type": "said", "text": text}))
        except Exception as error:  # noqa: BLE001 - outside of a cell nobody else would show it
            self.send({"type": "failed", "text": f"{type(error).__name__}: {error}"})
        else:
            self.send({"type": "started"})
