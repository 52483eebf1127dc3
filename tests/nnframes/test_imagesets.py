"""Estimators and models take sets of images as they are."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tests.feature.image.photographs import photograph
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image import ChainedPreprocessing, ImageChannelNormalize, ImageMatToTensor, ImageResize, ImageSet
from zoo_lab.nnframes import NNClassifierModel, NNEstimator

PICTURES = [photograph(name)[y : y + 50, 30 : 90 + y] for y in (0, 40, 80) for name in ("china", "flower")]
CHAIN = ChainedPreprocessing(
    [ImageResize(6, 5), ImageChannelNormalize(127, 127, 127, 64, 64, 64), ImageMatToTensor(format="NHWC")]
)


def test_an_estimator_learns_from_a_set_and_its_model_predicts_on_it(context):
    model = keras.Sequential([layers.Input((6, 5, 3)), layers.Flatten(), layers.Dense(2, "softmax")])
    estimator = NNEstimator(model, "sparse_categorical_crossentropy").setMaxEpoch(4).setBatchSize(6).setSeed(1)
    tensors = ImageSet.from_arrays(PICTURES, labels=[0, 1] * 3, sc=context).transform(CHAIN)
    trained = estimator.fit(tensors)
    assert trained.history["loss"][-1] < trained.history["loss"][0]
    said = np.stack([outputs[0] for _uri, outputs in trained.transform(tensors).get_predict().collect()])
    expected = trained.model.predict(np.stack(tensors.get_image("imageTensor").collect()), verbose=0)
    np.testing.assert_allclose(said, expected, atol=1e-6)


def test_what_needs_columns_is_refused_for_a_set_all_at_once(context):
    model = keras.Sequential([layers.Input((6, 5, 3)), layers.Flatten(), layers.Dense(2, "softmax")])
    images = ImageSet.from_arrays(PICTURES, labels=[0, 1] * 3, sc=context)
    estimator = NNEstimator(model, "sparse_categorical_crossentropy", CHAIN).setValidationIndicatorCol("held_back")
    with pytest.raises(ArgumentError) as caught:
        estimator.fit(images)
    assert "no featurePreprocessing with a set of images" in str(caught.value)
    assert "no validationIndicatorCol with a set of images" in str(caught.value)
    with pytest.raises(ArgumentError, match=r"Expected a DataFrame; received DistributedImageSet.*to_dataframe"):
        NNClassifierModel(model).transform(images)
