"""%zoo_show on its line: what it takes, what it keeps, what it says outside a notebook."""

from __future__ import annotations

import numpy as np
import pytest

from zoo_lab.feature.image import ImageFeature, ImageHFlip, ImageResize, ImageSet, ImageSetViewer
from zoo_lab.magics.completion import suggestions
from zoo_lab.magics.show import COMMAND, as_image_set


@pytest.fixture
def photo() -> np.ndarray:
    return np.zeros((30, 40, 3), np.uint8)


def test_it_prints_a_table_where_there_is_no_notebook_and_keeps_the_viewer(run_cell, shell, photo):
    shell.user_ns.update(images=ImageSet.from_arrays([photo] * 9, labels=range(9)), chain=ImageResize(10, 20))
    printed = run_cell("%zoo_show images --chain chain --rows 2 --seed 7 --epoch {1+1} -o viewer")
    assert "9 images, the first 6 → ImageResize · seed 7, epoch 2" in printed
    assert "10 x 20" in printed
    viewer = shell.user_ns["viewer"]
    assert isinstance(viewer, ImageSetViewer)
    assert repr(viewer.chain) == "ChainedPreprocessing([ImageResize(10, 20)])"


def test_without_a_name_nothing_is_kept(run_cell, shell, photo):
    shell.user_ns["images"] = ImageSet.from_arrays([photo])
    before = set(shell.user_ns)
    assert "1 image" in run_cell("%zoo_show images")
    assert set(shell.user_ns) - before <= {"_i", "_ii", "_iii", "_i1", "_1"}


def test_threshold_classes_and_play_reach_the_viewer(run_cell, shell, photo):
    shell.user_ns["images"] = ImageSet.from_arrays([photo])
    run_cell("%zoo_show images --threshold 0.25 --classes cat,dog --play -o viewer")
    widget = shell.user_ns["viewer"].widget
    assert (widget.threshold, widget.classes, widget.playing) == (0.25, ["cat", "dog"], True)
    run_cell("%zoo_show images --classes cat -o viewer")
    assert shell.user_ns["viewer"].widget.classes == ["cat"]


@pytest.mark.parametrize("form", ["array", "feature", "list", "stack", "gray"])
def test_single_images_and_lists_of_them_are_sets_too(photo, form):
    things = {"array": photo, "feature": ImageFeature(mat=photo), "list": [photo], "stack": np.stack([photo] * 2)}
    shown = as_image_set({**things, "gray": photo[:, :, 0]}[form])
    assert isinstance(shown, ImageSet)
    assert len(shown) == (2 if form == "stack" else 1)


def test_a_table_with_images_is_a_set_too(context, photo):
    shown = as_image_set(ImageSet.from_arrays([photo] * 3).to_dataframe(context))
    assert shown.is_distributed()
    assert "3 images" in str(ImageSetViewer(shown))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%zoo_show", "Expected images"),
        ("%zoo_show 3", "expected an ImageSet, an image as an array"),
        ("%zoo_show images --threshold high", "unknown|knows"),
        ("%zoo_show images --threshold 2 --rows 0", "2 arguments are wrong"),
        ("%zoo_show images --chain images", "Expected chain to be a step or a chain; received LocalImageSet"),
        ("%zoo_show images --row 3", "Did you mean --rows?"),
    ],
)
def test_mistakes_are_said_in_a_line_or_two(run_cell, shell, photo, line, said):
    shell.user_ns["images"] = ImageSet.from_arrays([photo])
    printed = run_cell(line, fails=True)
    assert any(part in printed for part in said.split("|"))
    assert len(printed.splitlines()) < 8


def test_sets_are_completed_first_then_options(photo):
    names = {"photos": ImageSet.from_arrays([photo]), "flip": ImageHFlip(), "epochs": 3}
    assert suggestions(COMMAND, "", names)[1] == ["photos"]
    assert suggestions(COMMAND, "photos --chain ", names)[1] == ["flip"]
    assert "--threshold" in suggestions(COMMAND, "photos --th", names)[1]
