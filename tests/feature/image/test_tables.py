"""Sets become DataFrames, Parquet and feature sets, come back the same, and are trained on as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.feature.image import (
    Boxes,
    ImageFeature,
    ImageMatToFloats,
    ImageMatToTensor,
    ImageResize,
    ImageSet,
    ImageSetToSample,
)
from zoo_lab.feature.image.frames import RowReader
from zoo_lab.feature.preprocessing import ChainedPreprocessing

SMALL = ChainedPreprocessing([ImageResize(8, 6), ImageMatToTensor(format="NHWC")])


@pytest.fixture(params=["local", "distributed"])
def sc(request: pytest.FixtureRequest) -> Any:
    return None if request.param == "local" else request.getfixturevalue("context")


@pytest.fixture
def animals(test_data: Path) -> Path:
    return test_data / "images" / "cat_dog"


def by_uri(images: ImageSet) -> dict[str, ImageFeature]:
    return {feature.uri: feature for feature in images.collect()}


def check_same(found: ImageSet, expected: ImageSet) -> None:
    """Check that two sets have the same images with the same labels and boxes."""
    wanted = by_uri(expected)
    got = by_uri(found)
    assert got.keys() == wanted.keys()
    for uri, feature in got.items():
        assert (feature.label, feature.problem) == (wanted[uri].label, wanted[uri].problem)
        np.testing.assert_array_equal(feature.image, wanted[uri].image)
        assert (feature.boxes is None) == (wanted[uri].boxes is None)
        if feature.boxes is not None:
            for name in ("coordinates", "labels", "scores", "difficult", "normalized", "centers"):
                np.testing.assert_array_equal(getattr(feature.boxes, name), getattr(wanted[uri].boxes, name))


def test_a_set_goes_to_a_dataframe_and_back(animals, context, sc):
    images = ImageSet.read(animals, sc, with_label=True)
    df = images.to_dataframe()
    assert df.columns == ["uri", "image", "label", "boxes", "problem"]
    check_same(ImageSet.from_dataframe(df, label_col="label"), images)
    back = ImageSet.from_dataframe(df, "image", "label", "uri", boxes_col="boxes", problem_col="problem")
    check_same(back, images)


def test_boxes_floats_and_marked_images_survive_a_dataframe(context):
    boxes = Boxes([[1, 2, 3, 4]], labels=[5], scores=[0.5], difficult=[True], centers=[[2, 3]])
    features = [
        ImageFeature(uri="a", mat=np.arange(24, dtype=np.uint8).reshape(2, 3, 4), boxes=boxes, label=3),
        ImageFeature(uri="b", floats=np.random.default_rng(0).normal(size=(4, 5, 2)).astype(np.float32)),
        ImageFeature(uri="c", problem="it is empty"),
    ]
    df = ImageSet.from_arrays(features, policy="mark").to_dataframe(context)
    columns = {"boxes_col": "boxes", "problem_col": "problem", "policy": "mark"}
    found = ImageSet.from_dataframe(df, "image", "label", "uri", **columns)
    assert by_uri(found)["c"].problem == "it is empty"
    check_same(ImageSet.from_arrays(found.collect()[:2]), ImageSet.from_arrays(features[:2]))


def test_a_column_of_floats_is_trained_on_as_it_is(context):
    floats = [np.random.default_rng(number).normal(size=(4, 5, 3)).astype(np.float32) for number in range(3)]
    frame = ImageSet.from_arrays(floats, [2, 0, 1], context).to_dataframe()
    data = FeatureSet.from_dataframe(frame, "image", "label")
    x, y, _weight = data.head()
    np.testing.assert_array_equal(x, floats)
    assert y.tolist() == [2, 0, 1]
    data.unpersist()
    mixed = ImageSet.from_arrays([floats[0], floats[1].astype(np.uint8)], [0, 1], context).to_dataframe().coalesce(1)
    with pytest.raises(DataError, match=r"expected 4 × 5 × 3 of float32 as in the row before; received .* of uint8"):
        FeatureSet.from_dataframe(mixed, "image", "label")


def test_the_tables_of_spark_are_sets(animals, context):
    expected = ImageSet.read(animals)
    pictures = context.spark.read.format("image").option("recursiveFileLookup", True).load(str(animals))
    files = context.spark.read.format("binaryFile").option("recursiveFileLookup", True).load(str(animals))
    for images in (ImageSet.from_dataframe(pictures), ImageSet.from_dataframe(files, "content", uri_col="path")):
        found = {uri.split(":")[-1].replace("///", "/"): feature for uri, feature in by_uri(images).items()}
        assert found.keys() == by_uri(expected).keys()
        for uri, feature in by_uri(expected).items():
            # Spark's own decoder is another build of libjpeg: some grey values apart
            assert np.abs(found[uri].mat.astype(int) - feature.mat).mean() < 2


def test_a_row_without_a_picture_is_told():
    reader = RowReader("image")
    invalid = {"origin": "a.jpg", "height": -1, "width": -1, "nChannels": -1, "mode": -1, "data": b""}
    wrong = {"origin": "b.jpg", "height": 2, "width": 2, "nChannels": 3, "mode": 16, "data": b"123"}
    problems = [feature.problem for feature in reader([{"image": image} for image in (invalid, wrong, None)])]
    assert problems[0].startswith("its row holds no picture")
    assert "and 3 bytes" in problems[1]
    assert problems[2] == "the column 'image' is null"


def test_missing_columns_are_told_at_once(context):
    df = context.spark.range(1)
    with pytest.raises(ArgumentError, match=r"(?s)a column 'image'.*a column 'label'; the columns are 'id'"):
        ImageSet.from_dataframe(df, label_col="label")


@pytest.mark.parametrize("reader", ["local", "distributed"])
def test_parquet_keeps_the_very_files(animals, context, sc, reader, tmp_path):
    images = ImageSet.read(animals, sc, with_label=True)
    images.write_parquet(str(tmp_path / "set"))
    found = ImageSet.read_parquet(tmp_path / "set", context if reader == "distributed" else None)
    check_same(found, images)
    size = sum(file.stat().st_size for file in (tmp_path / "set").iterdir())
    files = sum(file.stat().st_size for file in animals.rglob("*.jpg"))
    assert size < 1.1 * files + 20_000


def test_parquet_keeps_changed_pictures_exactly_and_boxes(test_data, sc, tmp_path):
    voc = test_data / "images" / "VOCdevkit" / "VOC2007"
    images = ImageSet.read_voc(voc, sc=sc).transform(ImageResize(60, 50))
    images.write_parquet(str(tmp_path / "set"))
    check_same(ImageSet.read_parquet(tmp_path / "set"), images)


def test_what_parquet_cannot_hold_is_told_and_nothing_is_left(animals, tmp_path):
    images = ImageSet.read(animals).transform(ImageMatToFloats())
    with pytest.raises(DataError, match=r"cat\.7000\.jpg: expected a picture of 8 bits"):
        images.write_parquet(tmp_path / "set")
    assert not (tmp_path / "set").exists()
    (tmp_path / "set").mkdir()
    with pytest.raises(ArgumentError, match="a folder that does not exist"):
        images.write_parquet(tmp_path / "set")
    (tmp_path / "set" / "a.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataError, match=r"a\.parquet: expected Parquet"):
        ImageSet.read_parquet(tmp_path / "set")


def test_a_set_is_pinned_for_training(animals, context, sc):
    images = ImageSet.read(animals, sc, with_label=True).transform(SMALL)
    pinned = FeatureSet.from_image_set(images, context=context)
    assert len(pinned) == 12
    x, y, _ = pinned.head(12)
    assert (x.shape, x.dtype, y.dtype) == ((12, 8, 6, 3), np.float32, np.int64)
    expected = {
        cv2.resize(cv2.imread(str(path)), (6, 8)).astype(np.float32).tobytes(): path.parent.name
        for path in animals.rglob("*.jpg")
    }
    assert {row.tobytes(): ["cats", "dogs"][label] for row, label in zip(x, y, strict=True)} == expected
    pinned.unpersist()


def test_rows_of_a_local_set_keep_their_order(animals, context):
    images = ImageSet.read(animals, with_label=True).transform(ImageResize(4, 4))
    x, y, _ = images.to_feature_set(context).head(12)
    np.testing.assert_array_equal(x, images.get_image("mat", to_chw=False))
    assert y.tolist() == images.get_label()


def test_samples_choose_what_is_trained_on(animals, context):
    chain = ChainedPreprocessing([SMALL, ImageSetToSample(["imageTensor", "mat"], ["label"])])
    x, y, _ = ImageSet.read(animals, with_label=True).transform(chain).to_feature_set(context).head(12)
    assert [part.shape for part in x] == [(12, 8, 6, 3), (12, 8, 6, 3)]
    assert sorted(y.tolist()) == [0] * 6 + [1] * 6


def test_pictures_of_different_sizes_are_named(animals, context, sc):
    with pytest.raises(DataError, match=r"\.jpg: expected a picture of shape .* as .*\.jpg has; .*ImageResize"):
        ImageSet.read(animals, sc).to_feature_set(context)
    with pytest.raises(ArgumentError, match="expected an ImageSet; received list"):
        FeatureSet.from_image_set([])
