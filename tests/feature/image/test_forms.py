"""The forms that images come in: records, arrays, bytes, collections, RDDs and DataFrame columns."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from tests.feature.image.photographs import feature, gray, part
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import (
    ChainedPreprocessing,
    Contrast,
    ImageBytesToMat,
    ImageCollection,
    ImageFeature,
    ImageHFlip,
    ImageMatToTensor,
    ImagePreprocessing,
    ImageRandomCrop,
    ImageResize,
    RowToImageFeature,
)
from zoo_lab.feature.image.column import IMAGE_TYPE
from zoo_lab.feature.image.row import feature_of_row, row_of_feature
from zoo_lab.feature.preprocessing import Scale, SeqToTensor

CHAIN = ChainedPreprocessing([ImageRandomCrop(100, 90), ImageHFlip()])
PNG = cv2.imencode(".png", part())[1].tobytes()


@dataclasses.dataclass(frozen=True)
class Few(ImageCollection):
    """A collection of a few images."""

    images: tuple
    done: tuple = ()

    def transform(self, step):
        return Few(tuple(map(step, self.images)), (*self.done, step))


def test_a_record_gives_a_new_record():
    image = feature()
    result = CHAIN(image)
    assert result.size == (90, 100, 3) and image.size == (240, 320, 3)
    assert result.uri == image.uri and result.original_size == (240, 320, 3)


def test_an_array_gives_an_array():
    np.testing.assert_array_equal(ImageHFlip()(part()), part()[:, ::-1])
    assert CHAIN(part()).shape == (90, 100, 3)
    assert ImageHFlip()(gray()[:, :, 0]).shape == (240, 320, 1)
    assert ImageHFlip()(part().astype(np.float64)).dtype == np.float32


def test_bytes_give_an_array():
    chain = ChainedPreprocessing([ImageBytesToMat(), ImageResize(30, 40)])
    np.testing.assert_array_equal(chain(PNG), cv2.resize(part(), (40, 30)))


def test_a_collection_is_transformed_by_the_whole_chain_at_once():
    few = Few((feature(), feature(uri="second.jpg")))
    result = CHAIN(few)
    assert [image.size for image in result.images] == [(90, 100, 3)] * 2
    assert result.done == (CHAIN,) and few.done == ()
    assert ImageHFlip()(few).done == (ImageHFlip(),)
    nested = ChainedPreprocessing([CHAIN, ImageResize(5, 5)])
    assert nested(few).done == (nested,)


def test_an_rdd_of_any_of_them_gives_an_rdd(context: NNContext):
    arrays = CHAIN(context.sc.parallelize([part(), part()[::-1].copy()], 2)).collect()
    assert [array.shape for array in arrays] == [(90, 100, 3)] * 2
    images = ImageHFlip()(context.sc.parallelize([feature()], 1)).collect()
    np.testing.assert_array_equal(images[0].mat, part()[:, ::-1])
    np.testing.assert_array_equal(images[0].boxes.coordinates[0], [200, 30, 280, 90])


def test_a_column_of_image_structs(context: NNContext):
    rows = [(row_of_feature(feature(uri=f"{number}.jpg")),) for number in range(3)]
    frame = context.spark.createDataFrame(rows, f"image struct<{', '.join(IMAGE_TYPE.replace(' ', ':').split(',:'))}>")
    results = frame.select(CHAIN(frame["image"]).alias("image")).collect()
    for number, row in enumerate(results):
        expected = CHAIN(feature(uri=f"{number}.jpg"))
        assert (row.image.origin, row.image.mode) == (f"{number}.jpg", 16)
        np.testing.assert_array_equal(feature_of_row(row.image).mat, expected.mat)
        np.testing.assert_array_equal(RowToImageFeature()(row).mat, expected.mat)


@pytest.mark.parametrize("key", ["imageTensor", "small"])
def test_a_column_of_files_becomes_tensors_and_a_null_stays_null(context: NNContext, key):
    chain = ChainedPreprocessing([ImageBytesToMat(), ImageResize(6, 5), ImageMatToTensor(tensor_key=key)])
    frame = context.spark.createDataFrame([(bytearray(PNG),), (None,)], "content binary")
    first, second = frame.select(chain(frame["content"]).alias("tensor")).collect()
    expected = cv2.resize(part(), (5, 6)).transpose(2, 0, 1).ravel()
    np.testing.assert_array_equal(first.tensor, expected)
    assert second.tensor is None


def test_a_column_with_a_bad_file_names_the_problem(context: NNContext):
    frame = context.spark.createDataFrame([(bytearray(b"no picture"),)], "content binary")
    with pytest.raises(Exception, match="no picture of a known format"):
        frame.select(ImageBytesToMat()(frame["content"])).collect()


def test_a_chain_from_rows_runs_on_a_column_too(context: NNContext):
    chain = ChainedPreprocessing([RowToImageFeature(), ImageHFlip(), Contrast(1, 1)])
    frame = context.spark.createDataFrame([(row_of_feature(feature()),)], f"image struct<{IMAGE_TYPE}>")
    [row] = frame.select(chain(frame["image"]).alias("image")).collect()
    np.testing.assert_array_equal(feature_of_row(row.image).mat, part()[:, ::-1])
    [image] = chain(frame.rdd).collect()
    np.testing.assert_array_equal(image.mat, part()[:, ::-1])


@pytest.mark.parametrize(
    ("image", "mode"),
    [(part(), 16), (gray(), 0), (part().astype(np.float32), 21), (np.dstack([part(), gray()]), 24)],
    ids=["colour", "gray", "floats", "transparent"],
)
def test_rows_hold_what_the_image_holds(image, mode):
    row = row_of_feature(ImageFeature(uri="a.png").with_image(image))
    assert (row["mode"], row["height"], row["width"]) == (mode, 240, 320)
    back = RowToImageFeature()(row)
    np.testing.assert_array_equal(back.image, image)
    assert back.uri == "a.png" and back.original_size == image.shape


def test_a_row_that_does_not_fit_is_told():
    row = row_of_feature(feature())
    with pytest.raises(DataError, match=r"china.jpg: expected mode 16 .* received mode 16, size \(240, 999, 3\)"):
        RowToImageFeature()({**row, "width": 999})
    with pytest.raises(DataError, match="received mode 19"):
        RowToImageFeature()({**row, "mode": 19})
    with pytest.raises(DataError, match="expected a row of origin, height"):
        RowToImageFeature()({"pixels": b"", "size": 3})


def test_what_is_no_image_is_refused():
    with pytest.raises(ArgumentError, match=r"ImageHFlip: expected an ImageFeature, an array.*received builtins.list"):
        ImageHFlip()([1, 2])
    with pytest.raises(DataError, match="received int64 of shape"):
        ImageHFlip()(np.zeros((4, 4, 3), np.int64))
    with pytest.raises(DataError, match=r"received uint8 of shape \(4,\)"):
        ImageHFlip()(np.zeros(4, np.uint8))


@dataclasses.dataclass(frozen=True, repr=False)
class Brightest(ImagePreprocessing):
    """A step of a user, which fails for a black picture."""

    scale: float = 255.0

    def transform(self, feature):
        return feature.with_image((feature.mat * (self.scale // int(feature.mat.max()))).astype(np.uint8))


def test_a_step_of_ones_own_takes_every_form_and_names_the_image_it_fails_for(context: NNContext):
    half = (part() // 2).astype(np.uint8)
    np.testing.assert_array_equal(Brightest()(half), half * 2)
    [in_chain] = ChainedPreprocessing([Brightest(), ImageHFlip()])(context.sc.parallelize([half], 1)).collect()
    np.testing.assert_array_equal(in_chain, half[:, ::-1] * 2)
    black = ImageFeature(uri="black.png", mat=np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match=r"Brightest\(\): black.png: ZeroDivisionError: ") as caught:
        ChainedPreprocessing([ImageHFlip(), Brightest()])(black)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_opencv_refuses_names_the_step_and_the_image():
    six_channels = ImageFeature(uri="six.tif", mat=np.zeros((8, 8, 600), np.uint8))
    with pytest.raises(DataError, match=r"ImageResize\(4, 4\): six.tif: error: OpenCV"):
        ImageResize(4, 4)(six_channels)


def test_other_chains_are_as_they_were():
    assert ChainedPreprocessing([SeqToTensor([2, 1]), Scale(2)])([1, 2]).tolist() == [[2], [4]]
