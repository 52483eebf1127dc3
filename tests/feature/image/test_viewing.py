"""What a viewer gets of a set: some images only, as training sees them, wherever they are."""

from __future__ import annotations

import base64
import re
from typing import ClassVar

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, photograph
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import (
    Boxes,
    ChainedPreprocessing,
    ImageBrightness,
    ImageCLAHE,
    ImageExpand,
    ImageFeature,
    ImageFeatureToTensor,
    ImageHFlip,
    ImageMatToTensor,
    ImageRandomPreprocessing,
    ImageRandomSampler,
    ImageResize,
    ImageSet,
    ImageSetViewer,
)
from zoo_lab.feature.image.rendering import levels_of, rendered
from zoo_lab.feature.image.setsource import SetSource
from zoo_lab.widgets.viewer.items import PREDICTION, TRUTH

CHAIN = ChainedPreprocessing([
    ImageBrightness(-60, 60), ImageRandomPreprocessing(ImageHFlip(), 0.5), ImageResize(40, 60)
])  # fmt: skip
EDGE = 320


class Counting(ImageHFlip):
    """A flip that notes which images it is given."""

    seen: ClassVar[list[str]] = []

    def transform(self, image: ImageFeature) -> ImageFeature:
        Counting.seen.append(image.uri)
        return super().transform(image)


class Saying(ImageHFlip):
    """A step that predicts."""

    def transform(self, image: ImageFeature) -> ImageFeature:
        return super().transform(image).replace(predict=Boxes([[0, 0, 20, 20]], scores=[0.875]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Nine photographs in two folders, the last of which is cut off."""
    root = tmp_path_factory.mktemp("photos")
    for number in range(9):
        place = root / ("china", "flower")[number % 2]
        place.mkdir(exist_ok=True)
        part = np.roll(photograph(place.name), 31 * number, axis=1)[: 100 + 20 * number, :150]
        cv2.imwrite(str(place / f"{number}.png"), part)
    last = root / "flower" / "7.png"
    last.write_bytes(last.read_bytes()[:500])
    return root


def decoded(picture) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_only_the_images_that_are_shown_are_read():
    Counting.seen = []
    images = ImageSet.from_arrays([feature(uri=f"{number}.jpg") for number in range(30)])
    source = SetSource(images.transform(Counting()))
    assert source.find(1) == 30
    assert Counting.seen == []
    assert [item.name for item in source.fetch(range(8, 11), EDGE)] == ["8.jpg", "9.jpg", "10.jpg"]
    assert Counting.seen == ["8.jpg", "9.jpg", "10.jpg"]


def test_the_picture_after_the_chain_is_the_one_that_the_set_has(folder):
    images = ImageSet.read(folder / "china", with_label=True).transform(CHAIN)
    source = SetSource(images, seed=5, epoch=3)
    expected = images.seeded(5, 3).head(4)
    for item, image in zip(source.fetch(range(4), EDGE), expected, strict=True):
        assert (decoded(item.sides[1].picture) == image.mat).all()  # 40 x 60 pixels: PNG, exact
        assert [step for step, _ in item.draws] == [step for step, _ in image.draws]
        assert item.label == "china"


def test_the_same_seed_draws_the_same_and_another_epoch_draws_anew(folder):
    images = ImageSet.read(folder / "china").transform(CHAIN)
    pictures = [item.sides[1].picture.data for item in SetSource(images).fetch(range(4), EDGE)]
    assert pictures == [item.sides[1].picture.data for item in SetSource(images).fetch(range(4), EDGE)]
    later = SetSource(images)
    later.change({"epoch": 1})
    assert pictures != [item.sides[1].picture.data for item in later.fetch(range(4), EDGE)]


def test_a_bad_file_is_shown_as_such_among_the_others(folder):
    viewer = ImageSetViewer(ImageSet.read(folder, with_label=True), chain=CHAIN)
    items = viewer.source.fetch(range(9), EDGE)
    [bad] = [item for item in items if item.name.endswith("7.png")]
    assert bad.sides[0].problem
    assert bad.sides[1].problem == bad.sides[0].problem
    assert sum(not item.sides[1].problem for item in items) == 8


def test_a_chain_may_end_with_an_array_and_a_step_that_fails_is_said_on_its_image():
    images = ImageSet.from_arrays([np.zeros((20, 30, 3), np.uint8)])
    [item] = SetSource(images, ChainedPreprocessing([ImageMatToTensor(), ImageFeatureToTensor()])).fetch([0], EDGE)
    assert (item.sides[1].picture.width, item.sides[1].picture.height) == (30, 20)
    floats = ImageSet.from_arrays([np.zeros((20, 30, 3), np.float32)])
    [item] = SetSource(floats, ImageCLAHE()).fetch([0], EDGE)
    assert item.sides[0].picture is not None
    assert item.sides[1].picture is None
    assert "expected 8-bit pixels" in item.sides[1].problem


@pytest.mark.parametrize("kind", ["files", "rdd", "from local"])
def test_a_distributed_set_gives_the_same_as_a_local_one(context, folder, kind):
    local = ImageSet.read(folder, with_label=True, policy="mark")
    if kind == "files":
        spread = ImageSet.read(folder, context, min_partitions=3, with_label=True, policy="mark")
    else:
        spread = ImageSet.read(folder, with_label=True, policy="mark").to_distributed(context, partitions=3)
    if kind == "rdd":
        spread = ImageSet.from_rdds(context.sc.parallelize(list(local), 4))
    here, there = SetSource(local.transform(CHAIN), seed=2), SetSource(spread.transform(CHAIN), seed=2)
    assert there.find(99) == here.find(99) == 9
    names = [place.uri for place in there._places]
    assert names == [place.uri for place in here._places]
    chosen = [7, 0, 4]
    for one, other in zip(here.fetch(chosen, EDGE), there.fetch(chosen, EDGE), strict=True):
        assert one.name == other.name
        assert [side.picture for side in one.sides] == [side.picture for side in other.sides]


def test_a_page_of_a_distributed_set_opens_only_its_own_files(context, tmp_path):
    for number in range(12):
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), np.full((8, 9, 3), number, np.uint8))
    source = SetSource(ImageSet.read(tmp_path, context, min_partitions=2))
    assert source.find(1) == 12
    for number in (0, 1, 2, 6, 7, 8, 9, 10, 11):
        (tmp_path / f"{number:02}.png").unlink()  # whoever opens one of these fails
    items = source.fetch([3, 4, 5], EDGE)
    assert [int(decoded(item.sides[0].picture)[0, 0, 0]) for item in items] == [3, 4, 5]
    assert "cannot be opened" in source.fetch([0], EDGE)[0].sides[0].problem


def test_of_a_set_that_must_be_read_to_be_counted_only_the_first_partitions_are_looked_through(context):
    images = context.sc.parallelize([np.full((8, 9, 3), number, np.uint8) for number in range(40)], 8)
    source = SetSource(ImageSet.from_rdds(images))
    items = source.fetch(range(4), EDGE)
    assert [int(decoded(item.sides[0].picture)[0, 0, 0]) for item in items] == [0, 1, 2, 3]
    assert (source.find(4), source.complete) == (5, False)
    assert (source.find(6), source.complete) == (10, False)
    assert [int(decoded(item.sides[0].picture)[0, 0, 0]) for item in source.fetch([33, 7], EDGE)] == [33, 7]
    assert (source.find(41), source.complete) == (40, True)


def test_splits_and_repeated_images_keep_their_places():
    image = feature(uri="same.jpg")
    twice = ImageSet.from_arrays([image, image])
    assert [item.name for item in SetSource(twice).fetch([1, 0], EDGE)] == ["same.jpg"] * 2
    whole = ImageSet.from_arrays([feature(uri=f"{number}.jpg") for number in range(20)])
    parts = [SetSource(part) for part in whole.random_split([0.5, 0.5], seed=1)]
    assert sum(part.find(99) for part in parts) == 20
    for part in parts:
        names = [item.name for item in part.fetch(range(part.find(99)), 16)]
        assert names == [place.uri for place in part._places]


def test_boxes_are_true_or_predicted_and_follow_the_chain():
    found = np.array([[1, 0.75, 32, 24, 160, 120]], np.float32)
    image = feature(boxes=Boxes([[40, 30, 120, 90]], labels=[0]), predict=found)
    images = ImageSet.from_arrays([image])
    images._label_map = {"cat": 0, "dog": 1}
    [item] = SetSource(images, ImageHFlip()).fetch([0], EDGE)
    true, predicted = item.sides[0].boxes
    assert (true.kind, true.name, true.score) == (TRUTH, "cat", None)
    assert true.corners == pytest.approx((40 / 320, 30 / 240, 120 / 320, 90 / 240))
    assert (predicted.kind, predicted.name, predicted.score) == (PREDICTION, "dog", 0.75)
    assert predicted.corners == pytest.approx((0.1, 0.1, 0.5, 0.5))
    true, predicted = item.sides[1].boxes
    assert true.corners == pytest.approx((200 / 320, 30 / 240, 280 / 320, 90 / 240))
    assert (predicted.kind, predicted.name, predicted.score) == (PREDICTION, "dog", 0.75)
    assert predicted.corners == pytest.approx((0.5, 0.1, 0.9, 0.5))


@pytest.mark.parametrize("seed", range(6))
def test_what_was_predicted_lies_after_the_chain_on_what_it_was_predicted_of(seed):
    """White pixels where something was predicted; the sampler cuts by the true box, and drops what lost its middle."""
    canvas = np.zeros((240, 320, 3), np.uint8)
    canvas[60:150, 100:220] = 255
    said = Boxes([[100, 60, 220, 150]], labels=[1], scores=[0.75])
    image = feature(mat=canvas, boxes=Boxes([[90, 60, 230, 160]], labels=[0]), predict=said)
    chain = ChainedPreprocessing([
        ImageRandomPreprocessing(ImageExpand(0, 0, 0, max_expand_ratio=2), 0.5), ImageRandomSampler(),
        ImageRandomPreprocessing(ImageHFlip(), 0.5), ImageResize(200, 300),
    ])  # fmt: skip
    source = SetSource(ImageSet.from_arrays([image]), chain, seed=seed)
    for side in (source.fetch([0], EDGE)[0].sides[1], source.stages(0, EDGE)[-1][1]):
        [found] = [box for box in side.boxes if box.kind == PREDICTION]
        rows, columns = np.nonzero(decoded(side.picture)[:, :, 0] > 127)
        white = columns.min() / 300, rows.min() / 200, (columns.max() + 1) / 300, (rows.max() + 1) / 200
        assert found.corners == pytest.approx(white, abs=0.02)
        assert (found.name, found.score) == ("1", 0.75)
    assert image.predict is said


def test_what_steps_behind_a_prediction_predict_is_theirs():
    """A chain that predicts anew is not overruled by what was predicted before it."""
    image = feature(predict=Boxes([[0, 0, 10, 10]], scores=[0.5]))
    [item] = SetSource(ImageSet.from_arrays([image]), Saying()).fetch([0], EDGE)
    assert [box.score for box in item.sides[1].boxes if box.kind == PREDICTION] == [0.875]


def test_the_objects_of_real_photographs_have_their_classes(test_data):
    folder = test_data / "images" / "VOCdevkit" / "VOC2007"
    source = SetSource(ImageSet.read_voc(folder, "trainval"))
    for item in source.fetch(range(source.find(1)), 64):
        told = (folder / "Annotations" / item.name.rsplit("/")[-1].replace(".jpg", ".xml")).read_text()
        names = re.findall(r"<object>\s*<name>(\w+)</name>", told)
        assert [box.name for box in item.sides[0].boxes] == names
        assert [box.difficult for box in item.sides[0].boxes] == [
            mark == "1" for mark in re.findall(r"<difficult>(\d)", told)
        ]
        assert all(0 <= corner <= 1 for box in item.sides[0].boxes for corner in box.corners)


def test_boxes_with_scores_are_predictions():
    scored = Boxes([[0, 0, 0.5, 0.5]], labels=[3], scores=[0.5], normalized=True)
    for image in (feature(boxes=scored), feature(boxes=None, predict=scored)):
        [item] = SetSource(ImageSet.from_arrays([image])).fetch([0], EDGE)
        assert [(box.kind, box.name) for box in item.sides[0].boxes] == [(PREDICTION, "3")]


def test_the_last_stage_is_the_picture_after_the_chain_and_each_is_that_of_its_steps():
    images = ImageSet.from_arrays([feature(mat=photograph()[:40, :60])])
    source = SetSource(images, CHAIN, seed=3)
    stages = source.stages(0, EDGE)
    assert [name for name, _ in stages] == ["ImageBrightness", "ImageRandomPreprocessing", "ImageResize"]
    [item] = source.fetch([0], EDGE)
    assert stages[-1][1].picture == item.sides[1].picture
    steps = CHAIN.transformers
    for count in (1, 2):
        [expected] = images.transform(ChainedPreprocessing(steps[:count])).seeded(3).head(1)
        assert (decoded(stages[count - 1][1].picture) == expected.mat).all()


def test_stages_end_with_the_step_that_fails():
    images = ImageSet.from_arrays([np.zeros((20, 30, 3), np.float32)])
    stages = SetSource(images, ChainedPreprocessing([ImageHFlip(), ImageCLAHE(), ImageHFlip()])).stages(0, EDGE)
    assert [bool(side.problem) for _, side in stages] == [False, True]


@pytest.mark.parametrize(
    ("predict", "said", "agrees"),
    [
        (np.array([0.1, 0.2, 0.7]), "2 70 %", False),
        ([np.array([[0.1, 0.1, 0.1, 0.7]], np.float32)], "3 70 %", True),
        (np.array([2.5]), "2.5", None),
        (None, "", None),
    ],
)
def test_a_classifier_s_word_stands_beside_the_label(predict, said, agrees):
    [item] = SetSource(ImageSet.from_arrays([feature(predict=predict)])).fetch([0], EDGE)
    assert (item.label, item.prediction, item.agrees) == ("3", said, agrees)


def test_large_pictures_are_made_smaller_small_ones_are_exact():
    large = rendered(photograph(), EDGE)
    assert (large.width, large.height, large.mime) == (640, 427, "image/jpeg")
    assert decoded(large).shape == (214, 320, 3)
    expected = cv2.resize(photograph(), (320, 214), interpolation=cv2.INTER_AREA)
    assert np.abs(decoded(large).astype(int) - expected).mean() < 5  # of 255: what JPEG loses in fine leaves
    small = photograph()[:60, :80]
    assert (decoded(rendered(small, EDGE)) == small).all()


@pytest.mark.parametrize(("low", "high", "note"), [(0, 255, ""), (-2, 2, "values -2 … 2"), (0, 1, "values 0 … 1")])
def test_floats_are_drawn_as_they_are_or_from_dark_to_bright(low, high, note):
    values = np.linspace(low, high, 300, dtype=np.float32).reshape(10, 10, 3)
    picture = rendered(values, EDGE)
    assert picture.note.startswith(note)
    assert np.abs(decoded(picture).reshape(-1) - np.linspace(0, 255, 300)).max() <= 0.5 + 1e-3  # rounded


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
def test_any_number_of_channels_can_be_drawn(channels):
    picture = rendered(np.random.default_rng(0).integers(0, 255, (9, 8, channels), np.uint8), EDGE)
    assert decoded(picture).shape[:2] == (9, 8)
    assert bool(picture.note) is (channels not in (1, 3, 4))


def test_a_volume_is_shown_by_its_middle_and_sent_by_channel():
    volume = np.stack([np.arange(60.0).reshape(3, 4, 5), -np.arange(60.0).reshape(3, 4, 5)], axis=-1)
    source = SetSource(ImageSet.from_arrays([ImageFeature(uri="knee", tensor=volume)]))
    [item] = source.fetch([0], EDGE)
    assert item.sides[0].volume == (3, 4, 5, 2)
    assert decoded(item.sides[0].picture).shape[:2] == (4, 5)
    first, second = source.volume(0, 0, 0), source.volume(0, 0, 1)
    assert (first.low, first.high, second.low) == (0.0, 59.0, -59.0)
    assert np.allclose(first.levels / 65535 * 59, volume[..., 0], atol=59 / 65535)


def test_a_volume_s_picture_is_a_slice_that_shows_something():
    volume = np.zeros((20, 9, 8, 1), np.float32)
    volume[3, 2:5, 1:4] = 1
    [item] = SetSource(ImageSet.from_arrays([ImageFeature(uri="knee", tensor=volume)])).fetch([0], EDGE)
    assert (decoded(item.sides[0].picture).reshape(9, 8, -1)[:, :, 0] == 255 * volume[3, :, :, 0]).all()
    [empty] = SetSource(ImageSet.from_arrays([ImageFeature(uri="air", tensor=volume * 0)])).fetch([0], EDGE)
    assert not decoded(empty.sides[0].picture).any()


def test_a_volume_too_large_for_a_page_loses_every_second_voxel(monkeypatch):
    from zoo_lab.feature.image import rendering

    monkeypatch.setattr(rendering, "_MOST_VOXELS", 100)
    sent = levels_of(np.arange(600, dtype=np.float32).reshape(6, 10, 10, 1), 0)
    assert sent.levels.shape == (3, 5, 5)
    assert sent.shape == (6, 10, 10)


def test_a_picture_is_no_volume():
    source = SetSource(ImageSet.from_arrays([feature()]))
    with pytest.raises(DataError, match="expected a volume"):
        source.volume(0, 0, 0)


def test_the_viewer_gives_the_chain_as_it_was_played_with():
    images = ImageSet.from_arrays([feature()]).transform(ImageExpand())
    viewer = images.show(chain=CHAIN, seed=4)
    viewer.source.change({"on": {"0": False, "2": False}, "values": {"1/delta_high": 10}, "epoch": 2})
    assert repr(viewer.chain) == "ChainedPreprocessing([ImageBrightness(-60, 10), ImageResize(40, 60)])"
    assert (viewer.seed, viewer.epoch) == (4, 2)


def test_all_wrong_arguments_are_told_at_once():
    images = ImageSet.from_arrays([feature()])
    images._label_map = {"cat": 0}
    with pytest.raises(ArgumentError, match="5 arguments are wrong") as caught:
        ImageSetViewer(images, chain=3, rows=0, threshold=2, classes=["cats"], seed=-1)
    assert "Did you mean 'cat'?" in str(caught.value)
    with pytest.raises(ArgumentError, match="Expected an ImageSet; received list"):
        ImageSetViewer([1])


def test_outside_notebooks_a_set_is_its_representation_and_a_viewer_a_table(capsys):
    images = ImageSet.from_arrays([feature()])
    images._ipython_display_()
    assert capsys.readouterr().out == f"{images!r}\n"
    images.show()._ipython_display_()
    assert "folder/china.jpg" in capsys.readouterr().out


def test_a_set_is_html_png_and_text_wherever_it_is_asked_for(tmp_path):
    """What takes no widget takes one of these: each holds the pictures or their names, and needs no kernel."""
    images = ImageSet.from_arrays([feature(uri=f"{number}.png", label=number) for number in range(3)])
    bundle = images.show(chain=CHAIN)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert bundle["text/plain"].splitlines()[2].split()[:2] == ["0", "0.png"]
    assert "data:image/svg+xml" in bundle["text/html"]
    page = cv2.imdecode(np.frombuffer(base64.b64decode(bundle["image/png"]), np.uint8), cv2.IMREAD_COLOR)
    assert page.shape[1] > 3 * 2 * 128
    plain = images._repr_mimebundle_()
    assert set(plain) == set(bundle)
    assert plain["image/png"] != bundle["image/png"]
    assert set(images._repr_mimebundle_(include={"text/plain", "image/png"}, exclude={"image/png"})) == {"text/plain"}


def test_in_a_kernel_the_live_widget_is_among_them(monkeypatch):
    monkeypatch.setattr("zoo_lab.widgets.kernel.in_kernel", lambda: True)
    viewer = ImageSet.from_arrays([feature()]).show()
    bundle = viewer._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == viewer.widget.model_id
    assert "folder/china.jpg" in bundle["text/plain"]


def test_a_set_that_cannot_be_read_is_its_representation(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    images = ImageSet.read(tmp_path)
    (tmp_path / "a.png").unlink()
    assert "it cannot be opened" in images._repr_mimebundle_()["text/plain"]
    odd = ImageSet.from_arrays([])
    assert "text/plain" in odd._repr_mimebundle_()
