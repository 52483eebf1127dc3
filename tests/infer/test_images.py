"""A set of images goes through a model and comes back, local and distributed, with what the model says of each."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import zoo_lab
from tests.feature.image.photographs import photograph
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import ImageMatToTensor, ImageResize, ImageSet, ImageSetToSample
from zoo_lab.feature.image.loading import loaded
from zoo_lab.feature.preprocessing import ChainedPreprocessing

CHAIN = ChainedPreprocessing([ImageResize(8, 6), ImageMatToTensor(format="NHWC")])
PICTURES = [photograph()[number * 9 : number * 9 + 40, number : number + 60] for number in range(7)]
# the batches of both sides differ, and with them the order of float32 sums
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(params=["local", "distributed"])
def sc(request: pytest.FixtureRequest) -> Any:
    return None if request.param == "local" else request.getfixturevalue("context")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    inputs = layers.Input((8, 6, 3))
    flat = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, [layers.Dense(2, name="a")(flat), layers.Dense(1, name="b")(flat)])


def len_of_prediction(feature) -> int:
    return len(loaded(feature).predict)


def listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else found.collect()


def test_each_image_keeps_its_name_its_label_and_its_tensor(model, sc):
    files = [*PICTURES[:3], b"no picture", *PICTURES[3:]]
    images = ImageSet.from_arrays(files, labels=list(range(8)), sc=sc, policy="mark").transform(CHAIN)
    predicted = zoo_lab.predict(model, images, batch_size=3)
    assert type(predicted) is type(images) and len(predicted) == 8
    x = np.stack([CHAIN(picture) for picture in PICTURES])
    expected = model.predict(x, verbose=0)
    said = dict(listed(predicted.get_predict()))
    assert said.pop("3") is None
    for position, (uri, outputs) in enumerate(sorted(said.items())):
        assert uri == str(position + (position > 2))
        for output, whole in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(output, whole[position], **TOLERANCE)
    assert listed(predicted.get_label()) == list(range(8))
    tensors = listed(predicted.get_image("imageTensor"))
    np.testing.assert_array_equal(tensors[0], x[0])
    assert listed(images.get_predict())[0] == ("0", None)
    assert [feature.uri for feature in predicted.head(2)][0] == "0"
    places, _more = predicted.places()
    [shown] = predicted.at(places[:1], len_of_prediction)
    assert shown == 2


def test_a_record_of_ones_own_and_a_model_of_one_output(model, sc):
    single = keras.Model(model.input, model.outputs[1])
    chain = ChainedPreprocessing([CHAIN, ImageSetToSample(["imageTensor"], ["label"])])
    images = ImageSet.from_arrays(PICTURES, labels=[1] * 7, sc=sc).transform(chain)
    [(_uri, [output]), *rest] = listed(zoo_lab.predict(single, images).get_predict())
    assert output.shape == (1,) and len(rest) == 6


def test_images_of_two_sizes_are_named(model):
    images = ImageSet.from_arrays([np.zeros((8, 6, 3), np.uint8), np.zeros((8, 7, 3), np.uint8)])
    with pytest.raises(DataError, match=r"1: value x: expected shape \(8, 6, 3\) as in the first record"):
        zoo_lab.predict(model, images)


@keras.saving.register_keras_serializable("tests")
class RefusesBlack(layers.Layer):
    """Fails on a batch with a black picture in it."""

    def call(self, inputs):
        import tensorflow as tf

        with tf.control_dependencies([tf.debugging.assert_positive(tf.reduce_max(inputs, (1, 2, 3)), "a black one")]):
            return tf.reduce_mean(inputs, (1, 2))


def test_images_that_fail_are_marked_with_the_reason_and_the_others_are_as_ever(sc):
    black, wide = np.zeros((8, 6, 3), np.uint8), np.ones((8, 9, 3), np.uint8)
    fine = [np.ascontiguousarray(picture[:8, :6]) for picture in PICTURES]
    images = ImageSet.from_arrays([*fine[:4], black, wide, *fine[4:]], labels=list(range(9)), sc=sc)
    images = images.transform(ImageMatToTensor(format="NHWC"))
    inputs = keras.Input((8, 6, 3))
    model = keras.Model(inputs, RefusesBlack()(inputs))
    predicted = zoo_lab.predict(model, images, batch_size=4, on_error="null")
    assert predicted.policy == "mark"
    said = dict(listed(predicted.get_predict()))
    assert [uri for uri in sorted(said) if said[uri] is None] == ["4", "5"]
    for uri, picture in zip("0123678", fine, strict=True):
        np.testing.assert_allclose(said[uri][0], picture.mean((0, 1), np.float32), **TOLERANCE)
    problems = dict(predicted.report().problems)
    assert "a black one" in problems["4"]
    assert "8, 9, 3)" in problems["5"]
    assert listed(predicted.get_label()) == list(range(9))
    with pytest.raises(Exception, match="8, 9, 3"):
        listed(zoo_lab.predict(model, images, batch_size=4).get_predict())
