"""The live viewer in a notebook cell: it answers what its page asks for, and fetches only that."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from zoo_lab.core.errors import ZooLabError
from zoo_lab.widgets import assets
from zoo_lab.widgets.viewer.items import Item
from zoo_lab.widgets.viewer.sheet import Sheet
from zoo_lab.widgets.viewer.source import PictureSource, page_of
from zoo_lab.widgets.viewer.wire import packed, packed_stages, packed_volume

FOLDER = assets.FOLDER.parent / "viewer" / "static"
THUMBNAIL = 320
WHOLE = 8192
_MOST_AT_ONCE = 120
_PAGES_KEPT = 8


class ImageViewer(anywidget.AnyWidget):
    """Show images in a grid, one of them in full, and a chain to play with.

    Args:
        source: where the images come from.
        rows: of the grid, until more are asked for.
        threshold: least score of the boxes that are drawn.
        classes: names of the classes whose boxes are drawn; empty for all.
        playing: whether the chain's steps are open from the start.

    Example:
        >>> viewer = ImageViewer(source, rows=3, threshold=0.5)  # doctest: +SKIP
        >>> viewer.threshold = 0.7  # doctest: +SKIP
    """

    _esm = assets.module("image_viewer", FOLDER)
    _css = assets.style("image_viewer", "pictures", folder=FOLDER) + assets.style("boxes")

    view = traitlets.Unicode().tag(sync=True)
    threshold = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows = traitlets.Int(3, min=1).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)

    def __init__(self, source: PictureSource, **settings: Any) -> None:
        super().__init__(**settings)
        self.view = self.model_id or ""
        self.source = source
        self.shown: list[Item] = []
        self._pages: dict[tuple[int, ...], list[Item]] = {}
        self._listeners: list[Callable[[], object]] = []
        self._answers = {"ready": self._begin, "items": self._items, "whole": self._whole, "volume": self._volume}
        self._answers |= {"play": self._play, "stages": self._stages}
        self.on_msg(self._receive)
        self.observe(lambda _change: self._tell(), ["threshold", "classes"])

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call `listener` whenever what is shown has changed."""
        self._listeners.append(listener)

    def load(self, indices: Sequence[int]) -> list[Item]:
        """Return the thumbnails of these images; the last few lists of them are kept."""
        key = tuple(indices)
        if key not in self._pages:
            self._pages[key] = self.source.fetch(indices, THUMBNAIL)
            while len(self._pages) > _PAGES_KEPT:
                del self._pages[next(iter(self._pages))]
        return self._pages[key]

    def load_first(self) -> list[Item]:
        """Return the thumbnails of the first images, and remember them as what is shown."""
        self.shown = self.load(range(page_of(self.rows, self.source)))
        return self.shown

    def sheet(self) -> Sheet:
        """Return what is shown as a static picture can show it."""
        return Sheet.of(self.source, self.shown, self.threshold, self.classes)

    def _receive(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        """Answer a question of the page, with an error where it cannot be answered: the page says it to the user."""
        answer = self._answers.get(content.get("type", ""))
        if answer is None:
            return
        try:
            told, buffers = answer(content)
        except ZooLabError as error:
            told, buffers = {"problem": str(error)}, []
        except Exception as error:  # whatever a step of the user's raises, the viewer goes on
            told, buffers = {"problem": f"{type(error).__name__}: {error}", "details": traceback.format_exc()}, []
        self.send({**told, "type": "answer", "id": content.get("id")}, buffers)

    def _begin(self, _content: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        source = self.source
        page = page_of(self.rows, source)
        told = {"title": source.title, "classes": source.classes, "play": source.play()}
        return {**told, **self._known(page), "page": page}, []

    def _items(self, content: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        start = max(int(content["start"]), 0)
        stop = start + min(int(content["count"]), _MOST_AT_ONCE)
        known = self._known(stop)
        stop = min(stop, known["count"])
        items = self.load(range(start, stop))
        if start == 0:
            self.shown = items
            self._tell()
        told, buffers = packed(items)
        return {**known, "start": start, "items": told}, buffers

    def _known(self, least: int) -> dict[str, Any]:
        return {"count": self.source.find(least), "complete": self.source.complete}

    def _whole(self, content: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        told, buffers = packed(self.source.fetch([int(content["index"])], WHOLE))
        return {"index": int(content["index"]), "items": told}, buffers

    def _stages(self, content: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        told, buffers = packed_stages(self.source.stages(int(content["index"]), THUMBNAIL))
        return {"index": int(content["index"]), "stages": told}, buffers

    def _volume(self, content: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        return packed_volume(self.source.volume(int(content["index"]), int(content["side"]), int(content["channel"])))

    def _play(self, content: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        self.source.change(content["wanted"])
        self._pages.clear()
        return {"play": self.source.play()}, []

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
