"""What fit and evaluate take as data becomes a FeatureSet, or is told."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import zoo_lab
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import ImageMatToTensor, ImageResize, ImageSet
from zoo_lab.feature.preprocessing import ChainedPreprocessing
from zoo_lab.train.sources import as_feature_set


@pytest.mark.parametrize("where", ["local", "distributed"])
def test_a_model_is_trained_on_a_set_of_images_as_on_its_arrays(test_data, context, where):
    chain = ChainedPreprocessing([ImageResize(8, 8), ImageMatToTensor(format="NHWC")])
    path = test_data / "images" / "cat_dog"
    images = ImageSet.read(path, context if where == "distributed" else None, with_label=True).transform(chain)
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
    model.add(keras.layers.Dense(2, activation="softmax", kernel_initializer="zeros"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    run = zoo_lab.fit(model, images, batch_size=12, epochs=2, shuffle=False, context=context)
    local = ImageSet.read(path, with_label=True).transform(chain)
    x, y = np.stack(local.get_image("imageTensor")), np.array(local.get_label())
    expected = [np.log(2)]
    # the loss of untrained equal weights; all 12 rows are one batch, so their order does not matter
    np.testing.assert_allclose(run.history["loss"][:1], expected, rtol=1e-5)
    np.testing.assert_allclose(
        zoo_lab.evaluate(model, images, context=context)["loss"], model.evaluate(x, y, verbose=0), rtol=1e-5
    )
    assert run.history["loss"][1] < run.history["loss"][0]


def test_frames_and_rdds_are_evaluated_as_their_arrays(context):
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(50, 2)).astype(np.float32), generator.normal(size=50).astype(np.float32)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    expected = model.evaluate(x, y, return_dict=True, verbose=0)
    rows = [(float(a), float(b), float(c)) for (a, b), c in zip(x, y, strict=True)]
    frame = context.spark.createDataFrame(rows, ["a", "b", "c"]).repartition(3)
    assert zoo_lab.evaluate(model, frame, feature_cols=["a", "b"], label_cols="c") == pytest.approx(expected, rel=1e-5)
    records = context.sc.parallelize(list(zip(x, y, strict=True)), 3)
    assert zoo_lab.evaluate(model, records, batch_size=7) == pytest.approx(expected, rel=1e-5)


def test_what_cannot_be_trained_on_is_told(context):
    with pytest.raises(ArgumentError, match=r"FeatureSet, DataFrame, RDD, ImageSet or \(x, y\) arrays; received dict"):
        as_feature_set({"a": 1}, context)
    assert as_feature_set(None, context) is None
