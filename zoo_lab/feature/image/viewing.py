"""Shows a set of images in a notebook, or as text: joins the set to the viewer of widgets."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ZooLabError
from zoo_lab.feature.image.setsource import SetSource
from zoo_lab.feature.image.viewable import Viewable
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Preprocessing
from zoo_lab.widgets.viewer.sheet import Sheet, words
from zoo_lab.widgets.viewer.source import page_of

if TYPE_CHECKING:
    from zoo_lab.widgets.viewer.image_viewer import ImageViewer

_SMALLEST, _SMALL = 32, 240


class ImageSetViewer:
    """Shows a set of images in a notebook: a grid, each in full, and its chain to play with.

    Args:
        images: the set.
        chain: a step or chain to look at, after the set's own.
        rows: of the grid, until more are asked for.
        threshold: least score of the boxes that are drawn, from 0 to 1.
        classes: names of the classes whose boxes are drawn; empty for all.
        seed, epoch: what random steps draw from; None for the set's own, or 0.
        playing: whether the chain's steps are open from the start.

    Raises `ArgumentError` listing the wrong arguments.

    Example:
        >>> viewer = ImageSetViewer(images, chain=chain, rows=2)  # doctest: +SKIP
        >>> model_input = images.transform(viewer.chain)  # the chain as it was played with  # doctest: +SKIP
    """

    def __init__(
        self,
        images: Viewable,
        *,
        chain: Preprocessing | None = None,
        rows: int = 3,
        threshold: float = 0.0,
        classes: Sequence[str] = (),
        seed: int | None = None,
        epoch: int | None = None,
        playing: bool = False,
    ) -> None:
        _check(images, chain, {"rows": rows, "threshold": threshold, "classes": classes, "seed": seed, "epoch": epoch})
        self.source = SetSource(images, chain, seed, epoch)
        self._settings = {"rows": rows, "threshold": threshold, "classes": list(classes), "playing": playing}
        self._widget: ImageViewer | None = None

    @property
    def widget(self) -> ImageViewer:
        """The live widget."""
        if self._widget is None:
            from zoo_lab.widgets.viewer.image_viewer import ImageViewer

            self._widget = ImageViewer(self.source, **self._settings)
        return self._widget

    @property
    def chain(self) -> ChainedPreprocessing | None:
        """The chain as it is played with: the steps that are on, with their parameters; None if there are none."""
        return self.source.playground.chain

    @property
    def seed(self) -> int:
        """The seed that its pictures are drawn with."""
        return self.source.playground.seed

    @property
    def epoch(self) -> int:
        """The epoch that its pictures are drawn with."""
        return self.source.playground.epoch

    def __repr__(self) -> str:
        return f"ImageSetViewer({self.source.images!r})"

    def __str__(self) -> str:
        return words(self._sheet(_SMALLEST))

    def display(self) -> None:
        """Show it in the running cell of a notebook; elsewhere print what is shown as a table."""
        from zoo_lab.widgets.kernel import in_kernel

        if not in_kernel():
            print(self)
            return
        from zoo_lab.widgets.viewer.output import show

        show(self.widget)

    def _ipython_display_(self) -> None:
        self.display()

    def _repr_mimebundle_(self, include: Collection[str] = (), exclude: Collection[str] = ()) -> dict[str, Any]:
        """Return what is shown by MIME type: HTML, PNG and plain text, and in a kernel the live widget too.

        A cell takes `_ipython_display_` instead, whose pictures follow what is done in the widget.
        """
        from zoo_lab.widgets.kernel import in_kernel
        from zoo_lab.widgets.viewer.output import static_bundle

        kinds = static_bundle(self._sheet(_SMALL))
        if in_kernel():
            widget, _ = self.widget._repr_mimebundle_()
            kinds = {**widget, **kinds}
        return {kind: data for kind, data in kinds.items() if (not include or kind in include) and kind not in exclude}

    def _sheet(self, edge: int) -> Sheet:
        settings = self._settings
        items = self.source.fetch(range(page_of(settings["rows"], self.source)), edge)
        return Sheet.of(self.source, items, settings["threshold"], settings["classes"])


def display_set(images: Viewable) -> None:
    """Show a set in the running cell; where there is no notebook, or it cannot be read, its representation."""
    from zoo_lab.widgets.kernel import in_kernel

    if not in_kernel():
        print(repr(images))
        return
    try:
        ImageSetViewer(images).display()
    except ZooLabError as error:  # the value of a cell is shown unasked: that must not fail the cell
        sys.stderr.write(f"{images!r}\nIts images cannot be shown: {error}\n")


def bundle_of(images: Viewable, include: Collection[str] = (), exclude: Collection[str] = ()) -> dict[str, Any]:
    """Return a set by MIME type, as its viewer does; only its representation where it cannot be read."""
    try:
        return ImageSetViewer(images)._repr_mimebundle_(include, exclude)
    except ZooLabError as error:  # asked for by whatever shows values: that must not fail
        return {"text/plain": f"{images!r}\nIts images cannot be shown: {error}"}


def _check(images: Any, chain: Any, settings: Mapping[str, Any]) -> None:
    checks = Checks("ImageSetViewer")
    checks.require(isinstance(images, Viewable), f"Expected an ImageSet; received {type(images).__name__}.")
    is_chain = chain is None or isinstance(chain, Preprocessing)
    checks.require(is_chain, f"Expected chain to be a step or a chain; received {type(chain).__name__}.")
    checks.positive_int("rows", settings["rows"])
    threshold = settings["threshold"]
    is_part = isinstance(threshold, (int, float)) and 0 <= threshold <= 1
    checks.require(is_part, f"Expected threshold to be from 0 to 1; received {threshold!r}.")
    for name in ("seed", "epoch"):
        if settings[name] is not None:
            checks.natural_int(name, settings[name])
    if isinstance(images, Viewable) and images.label_map:
        for name in settings["classes"]:
            checks.one_of("classes", name, images.label_map)
    checks.done()
