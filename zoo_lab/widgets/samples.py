"""The samples that somebody watches a model learn by: what a page gets of them, and their picture in a saved notebook."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from zoo_lab.core.events import SamplesWatched, WatchStarted
from zoo_lab.widgets.columns import finite
from zoo_lab.widgets.svg import Box, outline, text

_SHOWN = 8
_LEFT, _CARD, _TALL = 20, 97, 112
_LETTERS = 15
_BOXED_WIDE, _BOXED_TALL = 88, 68


class Watched:
    """What is known of the samples of one run.

    Attributes:
        started: the samples; None where nobody watches any.
        newest: what the model says of them.
    """

    def __init__(self) -> None:
        self.started: WatchStarted | None = None
        self.newest: SamplesWatched | None = None

    def packet(self, sent: int, first: int) -> tuple[dict[str, Any], list[bytes]]:
        """Return what a page must know that has `sent` (the iteration it saw last, -1 for none), and its buffers.

        Pictures go as bytes, once; `first` is the number of the first buffer. The content is {} where nothing is new.
        """
        if self.started is None or self.newest is None or self.newest.iteration == sent:
            return {}, []
        content: dict[str, Any] = {"iteration": self.newest.iteration, "predictions": _plain(self._rows)}
        if sent >= 0:
            return {"watch": content}, []
        pictures = [base64.b64decode(sample["picture"]) for sample in self.started.samples]
        places = [first + sum(map(bool, pictures[:at])) if picture else None for at, picture in enumerate(pictures)]
        samples = [
            {**{name: _plain(item) for name, item in sample.items() if name != "picture"}, "buffer": place}
            for sample, place in zip(self.started.samples, places, strict=True)
        ]
        facts = {"kind": self.started.kind, "source": self.started.source, "samples": samples}
        return {"watch": {**facts, **content}}, [picture for picture in pictures if picture]

    def record(self) -> dict[str, Any] | None:
        """Return the samples with what the model last said of them as JSON values; None where there are none."""
        if self.started is None or self.newest is None:
            return None
        own = {"iteration": self.newest.iteration, "predictions": _plain(self._rows)}
        samples = [{name: _plain(item) for name, item in sample.items()} for sample in self.started.samples]
        return {"kind": self.started.kind, "source": self.started.source, "samples": samples, **own}

    @property
    def words(self) -> list[str]:
        """The samples in a few lines of text."""
        if self.started is None or self.newest is None:
            return []
        pairs = zip(self.started.samples[:_SHOWN], self._rows, strict=False)
        head = f"{self.started.source} rows at iteration {self.newest.iteration:,}"
        if self.started.kind == "boxes":
            met = (_share_met(sample["boxes"], row) for sample, row in pairs)
            return [f"{head} (overlap with the true boxes): {'; '.join(met)}"]
        told = [f"{sample['label']} → {said(self.started.kind, row)}" for sample, row in pairs]
        return [f"{head} (true → predicted): {'; '.join(told)}"]

    @property
    def height(self) -> int:
        """How much room the picture takes."""
        return _TALL + 26 if self.record() else 0

    def picture(self, top: float) -> str:
        """Return the samples as a part of an SVG picture that begins at `top`."""
        if self.started is None or self.newest is None:
            return ""
        head = text(_LEFT, top + 12, f"{self.started.source} rows at iteration {self.newest.iteration:,}", "quiet")
        cards = zip(self.started.samples[:_SHOWN], self._rows, strict=False)
        return head + "".join(self._card(sample, row, at, top + 22) for at, (sample, row) in enumerate(cards))

    def _card(self, sample: Any, row: Any, at: int, top: float) -> str:
        left, kind = _LEFT + at * _CARD, self.started.kind  # type: ignore[union-attr]
        if kind == "boxes":
            return _boxed(sample, row, left, top)
        if sample["picture"]:
            box = f'x="{left}" y="{top}" width="48" height="48" preserveAspectRatio="xMinYMid"'
            shown = f'<image {box} href="{_address(sample)}"><title>{escape(sample["label"])}</title></image>'
        else:
            shown = text(left, top + 28, _short(sample["inputs"]), "quiet")
        lines = text(left, top + 64, _short(f"true {sample['label']}"))
        said_lines = said(kind, row).split(", ")[:2]
        return (
            shown + lines + "".join(text(left, top + 78 + 13 * n, _short(s), "quiet") for n, s in enumerate(said_lines))
        )

    @property
    def _rows(self) -> Any:
        return self.newest.predictions if self.newest else ()


def said(kind: str, row: Any) -> str:
    """Return one prediction in words.

    Example:
        >>> said("classes", ((3, 0.875), (5, 0.1))), said("values", (1.5, 2))
        ('3: 88 %, 5: 10 %', '1.5, 2')
    """
    if kind == "classes":
        return ", ".join(f"{number}: {100 * share:.0f} %" for number, share in row)
    return ", ".join(f"{number:.4g}" for number in row)


def _boxed(sample: Any, row: Any, left: float, top: float) -> str:
    """Return a sample's picture with the predicted boxes over the true ones."""
    scale = min(_BOXED_WIDE / sample["aspect"], _BOXED_TALL)
    area = Box(left, top, scale * sample["aspect"], scale)
    place = f'x="{left}" y="{top}" width="{area.width:.1f}" height="{area.height:.1f}" preserveAspectRatio="none"'
    drawn = [outline(area, box[2:], "true s2", "true") for box in sample["boxes"]]
    drawn += [outline(area, box[2:], "s0", "predicted") for box in row]
    words = text(left, top + _BOXED_TALL + 14, _share_met(sample["boxes"], row), "quiet")
    return f'<image {place} href="{_address(sample)}"/>{"".join(drawn)}{words}'


def _share_met(true: Any, predicted: Any) -> str:
    """Return how well the true boxes are met by predicted ones of their names, as the page says it."""
    if not true:
        return f"{len(predicted)} boxes"
    met = [max((overlap(box[2:], other[2:]) for other in predicted if other[0] == box[0]), default=0.0) for box in true]
    return f"{sum(met) / len(met):.2f}"


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the part of two boxes' common area that both share, from 0 to 1.

    Example:
        >>> overlap((0, 0, 2, 1), (1, 0, 3, 1))
        0.3333333333333333
    """
    shared = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    whole = sum(max(x2 - x1, 0) * max(y2 - y1, 0) for x1, y1, x2, y2 in (a, b)) - shared
    return shared / whole if shared else 0.0


def _address(sample: Any) -> str:
    return f"data:image/png;base64,{sample['picture']}"


def _short(words: str) -> str:
    return words if len(words) <= _LETTERS else f"{words[: _LETTERS - 1]}…"


def _plain(item: Any) -> Any:
    """Return nested values as JSON knows them."""
    if isinstance(item, (list, tuple)):
        return [_plain(each) for each in item]
    return finite(item) if isinstance(item, float) else item
