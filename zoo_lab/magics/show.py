"""%zoo_show: look at images, with their boxes, and play with the chain that transforms them."""

from __future__ import annotations

from typing import Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.magics.command import Command, Option
from zoo_lab.magics.kinds import COLUMNS, FLAG, NEW_NAME, NUMBER, WHOLE_NUMBER, is_a, value

COMMAND = Command(
    "zoo_show",
    "Look at images in the cell: a grid, each in full with its boxes and scores, before and after a chain, and the "
    "chain to play with. Only what is shown is read. A NAME can be any expression.",
    (
        Option(
            "images",
            value("NAME", is_a("", "ImageSet", "ImageFeature", "ndarray", "DataFrame")),
            "an ImageSet; also an image as an array or an ImageFeature, a list of these, a DataFrame with images.",
        ),
        Option("--chain", value("NAME", is_a("", "Preprocessing")), "a step or chain to look at, after the set's own"),
        Option("--rows", WHOLE_NUMBER, "of the grid, until more are asked for", "3"),
        Option("--threshold", NUMBER, "least score of the boxes that are drawn, from 0 to 1", "0"),
        Option("--classes", COLUMNS, "draw the boxes of these classes only; an expression in brackets too", "all"),
        Option("--seed", WHOLE_NUMBER, "what random steps draw from", "the set's own, else 0"),
        Option("--epoch", WHOLE_NUMBER, "likewise", "the set's own, else 0"),
        Option("--play", FLAG, "open the chain's steps: a switch and the parameters of each"),
        Option("-o", NEW_NAME, "keep the viewer under this name; its .chain is the chain as it was played with"),
    ),
    "%zoo_show images --chain chain --rows 2 --play -o viewer",
)


def work(values: dict[str, Any], shell: Any) -> None:
    """Show the images; the viewer is kept under the name that -o gives."""
    from zoo_lab.feature.image.viewing import ImageSetViewer

    name = values.pop("o", None)
    images = as_image_set(values.pop("images"))
    viewer = ImageSetViewer(images, **arguments(values))
    viewer.display()
    if name is not None:
        shell.user_ns[name] = viewer


def arguments(values: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of `ImageSetViewer` that the options stand for."""
    found = dict(values)
    if "play" in found:
        found["playing"] = found.pop("play")
    if isinstance(found.get("classes"), str):
        found["classes"] = [found["classes"]]
    return found


def as_image_set(thing: Any) -> Any:
    """Return what the user names as a set of images.

    Raises `ArgumentError` for what holds no images.
    """
    from zoo_lab.feature.image import ImageFeature, ImageSet

    if isinstance(thing, ImageSet):
        return thing
    if is_a("pyspark.sql", "DataFrame")(thing):
        return ImageSet.from_dataframe(thing)
    if isinstance(thing, ImageFeature) or (is_a("numpy", "ndarray")(thing) and thing.ndim < 4):
        return ImageSet.from_arrays([thing])
    if isinstance(thing, (list, tuple)) or is_a("numpy", "ndarray")(thing):
        return ImageSet.from_arrays(list(thing))
    msg = (
        "%zoo_show: expected an ImageSet, an image as an array or an ImageFeature, a list of these, or a DataFrame "
        f"with images; received {type(thing).__name__}. ImageSet.read(path) makes a set of the files in a place."
    )
    raise ArgumentError(msg)
