"""NNImageReader: real image files as Spark's image struct, and from there into a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's users write it

from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import (
    ChainedPreprocessing,
    ImageBytesToMat,
    ImageChannelNormalize,
    ImageFeatureToTensor,
    ImageMatToTensor,
    ImageResize,
    RowToImageFeature,
)
from zoo_lab.nnframes import NNEstimator, NNImageReader, NNModel, with_origin_column


@pytest.fixture(autouse=True)
def _runs_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_image_is_read_as_spark_keeps_it(context: NNContext, test_data: Path) -> None:
    """REFERENCE case 24; the pixels are OpenCV's own."""
    path = str(test_data / "images" / "pascal" / "000025.jpg")
    [row] = NNImageReader.readImages(path, context.sc).collect()
    image = row.image
    assert (image.height, image.width, image.nChannels, image.mode, len(image.data)) == (375, 500, 3, 16, 562_500)
    assert bytes(image.data) == cv2.imread(path).tobytes()
    assert image.origin.endswith("pascal/000025.jpg")
    small = NNImageReader.readImages(path, resizeH=128, resizeW=128).first().image
    assert (small.height, small.width, len(small.data)) == (128, 128, 49_152)
    spark = context.spark.read.format("image").load(path)
    assert (
        NNImageReader.readImages(path, context).schema["image"].dataType.names == spark.schema["image"].dataType.names
    )


def test_a_folder_is_read_into_partitions_with_origins(context: NNContext, test_data: Path) -> None:
    frame = NNImageReader.readImages(str(test_data / "images" / "imagenet"), context, minPartitions=3, image_codec=1)
    assert frame.columns == ["image"]
    assert frame.rdd.getNumPartitions() >= 3
    origins = [row.origin for row in with_origin_column(frame).select("origin").collect()]
    assert len(origins) == len(set(origins)) == 11
    assert len({origin.split("/")[-2] for origin in origins}) == 4
    with pytest.raises(ArgumentError, match="an image column 'picture'; received no such column"):
        with_origin_column(frame, "picture")


def test_bad_files_raise_are_left_out_or_marked(context: NNContext, test_data: Path, tmp_path: Path) -> None:
    whole = (test_data / "images" / "cat_dog" / "dogs" / "dog.7012.jpg").read_bytes()
    (tmp_path / "whole.jpg").write_bytes(whole)
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Exception, match=r"half\.jpg: expected an image file that can be read"):
        NNImageReader.readImages(str(tmp_path), context).collect()
    [good] = NNImageReader.readImages(str(tmp_path), context, policy="skip").collect()
    assert good.image.origin.endswith("whole.jpg")
    marked = NNImageReader.readImages(str(tmp_path), context, policy="mark")
    by_name = {row.image.origin.split("/")[-1]: row for row in marked.collect()}
    bad = by_name["half.jpg"]
    assert (bad.image.height, bad.image.mode, bytes(bad.image.data)) == (-1, -1, b"")
    assert "cut off" in bad.problem
    assert by_name["whole.jpg"] == (good.image, None)


def test_images_go_through_a_chain_into_a_network(context: NNContext, test_data: Path, tmp_path: Path) -> None:
    """The slides 24 and 25 as they were meant, on real pictures of airplanes and deer."""
    folder = str(test_data / "images" / "cifar")
    frame = NNImageReader.readImages(folder, context, resizeH=40, resizeW=36, image_codec=1)
    frame = frame.withColumn("label", F.when(F.col("image.origin").contains("deer"), 1).otherwise(0))
    transformer = ChainedPreprocessing(
        [
            RowToImageFeature(),
            ImageResize(32, 32),
            ImageChannelNormalize(123, 117, 104, 60, 60, 60),
            ImageMatToTensor(format="NHWC"),
            ImageFeatureToTensor(),
        ]
    )
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.MaxPooling2D(4),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    estimator = NNEstimator(model, "CrossEntropyCriterion", transformer).setFeaturesCol("image").setBatchSize(7)
    trained = estimator.setOptimMethod(keras.optimizers.Adam(0.02)).setMaxEpoch(10).setSeed(1).fit(frame)
    predicted = trained.transform(frame)
    assert predicted.columns == ["image", "label", "prediction"]
    rows = predicted.collect()
    assert [int(np.argmax(row.prediction)) for row in rows] == [row.label for row in rows]
    picture = cv2.resize(cv2.imread(rows[0].image.origin.removeprefix("file:")), (36, 40))
    x = (cv2.resize(picture, (32, 32)).astype(np.float32) - [104, 117, 123]) / 60
    expected = trained.model.predict(x[None].astype(np.float32), verbose=0)[0]
    np.testing.assert_allclose(rows[0].prediction, expected, atol=1e-5)
    trained.save(str(tmp_path / "model"))
    again = NNModel.load(str(tmp_path / "model"))
    assert repr(again.getFeaturePreprocessing()) == repr(transformer)
    assert [row.prediction for row in again.transform(frame).collect()] == [row.prediction for row in rows]


def test_files_in_a_column_are_decoded_on_the_way(context: NNContext, test_data: Path) -> None:
    files = context.spark.read.format("binaryFile").load(str(test_data / "images" / "cat_dog" / "cats" / "*.jpg"))
    chain = ChainedPreprocessing([ImageBytesToMat(image_codec=1), ImageResize(8, 9), ImageMatToTensor(format="NHWC")])
    model = keras.Sequential([keras.Input((8, 9, 3)), keras.layers.GlobalAveragePooling2D()])
    rows: list[Any] = NNModel(model, chain).setFeaturesCol("content").transform(files).collect()
    assert len(rows) == 6
    for row in rows:
        expected = cv2.resize(cv2.imread(row.path.removeprefix("file:")), (9, 8)).mean(axis=(0, 1))
        np.testing.assert_allclose(row.prediction, expected, atol=1e-3)
