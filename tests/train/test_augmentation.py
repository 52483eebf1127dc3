"""A chain that runs in training: single-process Keras that applies the very chain to the very images is the measure."""

from __future__ import annotations

import shutil

import cv2
import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_sample_images

import zoo_lab
from tests.train.battery import STRATEGIES
from tests.train.keras_reference import largest_difference, twin
from zoo_lab.core.errors import ArgumentError, WorkerError
from zoo_lab.feature.image import (
    ImageBytesToMat,
    ImageColorJitter,
    ImageFeature,
    ImageHFlip,
    ImageMatToTensor,
    ImagePreprocessing,
    ImageRandomCrop,
    ImageRandomPreprocessing,
    ImageResize,
    ImageSet,
    MixUp,
)
from zoo_lab.feature.preprocessing import ChainedPreprocessing, Scale
from zoo_lab.train import Checkpoints, EveryIterations, rehearsal
from zoo_lab.train.batches import batch_rows, epoch_order

# float32 sums of parts in another order, over ten steps of SGD on pixels scaled to 0…1
TOLERANCE = 1e-5
ROWS, BATCH, EPOCHS, CLASSES = 23, 8, 2, 3
CHAIN = ChainedPreprocessing(
    [
        ImageColorJitter(),
        ImageRandomCrop(20, 18),
        ImageRandomPreprocessing(ImageHFlip(), 0.5),
        ImageMatToTensor(format="NHWC"),
    ]
)
RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, CLASSES, ROWS)


def pictures():
    """Parts of real photographs, each of another size."""
    for number in range(ROWS):
        whole = load_sample_images().images[number % 2]
        top, left = RANDOM.integers(0, 300, 2)
        yield np.ascontiguousarray(whole[top : top + 30 + number, left : left + 50 - number])


PICTURES = list(pictures())


def image_set(context=None):
    return ImageSet.from_arrays(PICTURES, LABELS.tolist(), context)


def classifier(shape=(18, 20, 3), loss="sparse_categorical_crossentropy"):
    model = keras.Sequential(
        [
            layers.Input(shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(CLASSES, "softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss)
    return model


def made(chain, features, seed, epoch):
    """Return the tensors that a chain makes of images in this process."""
    return np.stack([chain(feature.seeded(seed, epoch)).tensor for feature in features])


def train_here(model, chain, features, labels, mix=None, seed=5, epochs=EPOCHS, seeds=None):
    """Train with Keras on what the chain makes of each image in each epoch."""
    for epoch in range(epochs):
        x = made(chain, features, seeds or seed, epoch)
        order = epoch_order(len(features), seed, epoch)
        for step in range(-(-len(features) // BATCH)):
            rows = batch_rows(order, BATCH, step)
            batch = (x[rows], labels[rows])
            if mix is not None:
                batch = mix(*batch, seed=seed, epoch=epoch, batch=step)
            model.train_on_batch(*batch)
    return model


def named(pictures):
    return [ImageFeature(uri=str(number), mat=picture) for number, picture in enumerate(pictures)]


@pytest.mark.parametrize("sync", STRATEGIES)
def test_weights_are_those_of_keras_with_the_very_chain_in_each_epoch(train, sync):
    model, reference = twin(classifier)
    seeded = {"collect": 9}.get(sync)  # a set's own seed wins over that of the run
    images = image_set() if seeded is None else image_set().seeded(seeded)
    run = train(model, images.transform(CHAIN), batch_size=BATCH, epochs=EPOCHS, seed=5, sync=sync)
    train_here(reference, CHAIN, named(PICTURES), LABELS, seeds=seeded)
    assert largest_difference(model, reference) < TOLERANCE
    assert run.iterations == 6


def test_each_epoch_draws_anew_and_shards_groups_and_resuming_change_nothing(train, context, tmp_path):
    """The bits are the same after a resume; other shards or jobs give other sums of float32 at most."""
    whole, again, other = (*twin(classifier), twin(classifier)[0])
    data = image_set(context).transform(CHAIN)
    place = tmp_path / "saved"
    saving = Checkpoints(place, every=EveryIterations(2), keep=None)
    usual = {"batch_size": BATCH, "epochs": EPOCHS, "seed": 5}
    run = train(whole, data, checkpoint=saving, iterations_per_job=2, **usual)
    resumed = train(again, data, resume=place / "iteration-000000002", batch_size=BATCH, epochs=EPOCHS)
    assert largest_difference(whole, again) == 0
    assert resumed.history == run.history
    one_shard = zoo_lab.FeatureSet.from_image_set(image_set().to_distributed(context, 1).transform(CHAIN))
    assert len(one_shard.store.handles) == 1
    train(other, one_shard, iterations_per_job=1, **usual)
    assert largest_difference(whole, other) < TOLERANCE
    first, second = (made(CHAIN, named(PICTURES), 5, epoch) for epoch in (0, 1))
    assert np.abs(first - second).reshape(ROWS, -1).max(1).min() > 0
    one_shard.unpersist()


def test_what_is_evaluated_and_predicted_is_drawn_once_for_all(context, train):
    """Epoch 0 of the set's own seed: values of epochs and runs can be compared."""
    model, _ = twin(classifier)
    x = made(CHAIN, named(PICTURES), 9, 0)
    pinned = zoo_lab.FeatureSet.from_image_set(image_set(context).seeded(9).transform(CHAIN))
    np.testing.assert_allclose(zoo_lab.predict(model, pinned, batch_size=5), model.predict(x, verbose=0), atol=1e-6)
    run = train(model, (x, LABELS), validation_data=pinned, batch_size=ROWS, epochs=2, seed=1)
    expected = model.evaluate(x, LABELS, verbose=0)
    assert run.history["val_loss"][1] == pytest.approx(expected, rel=1e-5)
    assert zoo_lab.evaluate(model, pinned, batch_size=5)["loss"] == pytest.approx(expected, rel=1e-5)
    head_x, head_y, _weight = pinned.head(3)
    np.testing.assert_array_equal(head_x, x[:3])
    np.testing.assert_array_equal(head_y, LABELS[:3])
    pinned.unpersist()


def test_files_stay_files_and_steps_before_chance_run_once(context):
    files = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in PICTURES]
    images = ImageSet.from_arrays(files, LABELS.tolist(), context)
    decoded = images.transform(ImageBytesToMat()).transform(CHAIN)
    as_files = zoo_lab.FeatureSet.from_image_set(decoded)
    as_pictures = zoo_lab.FeatureSet.from_image_set(decoded, keep="pictures")
    shrunk = zoo_lab.FeatureSet.from_image_set(images.transform(ImageResize(30, 30)), augment=CHAIN)
    sizes = [sum(map(len, data.store.head(ROWS)["image"])) for data in (as_files, as_pictures, shrunk)]
    header = 250  # bytes, for each image
    assert sum(map(len, files)) < sizes[0] < sum(map(len, files)) + ROWS * header
    assert (
        sum(picture.size for picture in PICTURES) < sizes[1] < sum(picture.size for picture in PICTURES) + ROWS * header
    )
    assert ROWS * 30 * 30 * 3 < sizes[2] < ROWS * (30 * 30 * 3 + header)
    np.testing.assert_array_equal(as_files.head(9)[0], as_pictures.head(9)[0])
    assert shrunk.head(2)[0].shape == (2, 18, 20, 3)
    for data in (as_files, as_pictures, shrunk):
        data.unpersist()


def test_batches_are_mixed_as_a_whole_whatever_the_workers(train, context):
    mix = MixUp(0.4, num_classes=CLASSES)
    model, reference = twin(lambda: classifier(loss="categorical_crossentropy"))
    chained = zoo_lab.FeatureSet.from_image_set(image_set(context).transform(CHAIN)).transform(mix)
    run = train(model, chained, validation_data=chained, batch_size=BATCH, epochs=2, seed=5)
    train_here(reference, CHAIN, named(PICTURES), LABELS, mix, epochs=2)
    assert largest_difference(model, reference) < TOLERANCE
    x, shares = made(CHAIN, named(PICTURES), 0, 0), np.eye(CLASSES, dtype="float32")[LABELS]
    expected = reference.evaluate(x, shares, verbose=0)
    assert run.history["val_loss"][-1] == pytest.approx(expected, rel=1e-4)
    assert rehearsal.verify(model, chained, batch_size=BATCH, seed=5, context=context).difference < TOLERANCE
    chained.unpersist()


def test_arrays_go_through_a_chain_too(train, context):
    """Images without a name draw by their pixels; other steps see the values; targets and weights stay."""
    x = np.stack([picture[:24, :24] for picture in PICTURES])
    weight = RANDOM.random(ROWS).astype("float32")
    model, reference = twin(classifier)
    data = zoo_lab.FeatureSet.from_numpy(x, LABELS, sample_weight=weight, context=context)
    train(model, data.transform(CHAIN), batch_size=ROWS, epochs=2, seed=5, shuffle=False)
    for epoch in range(2):
        own = made(CHAIN, [ImageFeature(mat=picture) for picture in x], 5, epoch)
        reference.train_on_batch(own, LABELS, sample_weight=weight)
    assert largest_difference(model, reference) < TOLERANCE
    scaled = zoo_lab.FeatureSet.from_numpy(np.arange(6.0).reshape(3, 2), context=context).transform(Scale(2, 1))
    np.testing.assert_array_equal(scaled.transform(Scale(10)).head()[0], [[10, 30], [50, 70], [90, 110]])
    assert repr(scaled).endswith("→ Scale(2, 1))")
    data.unpersist()


class Fragile(ImagePreprocessing):
    """Fails on one picture of a notebook's cell, whose code no worker can import."""

    def transform(self, feature):
        if feature.uri == "17":
            raise RuntimeError("too dark")
        return feature


def test_an_error_in_a_step_names_the_image_the_step_and_the_worker(train, context):
    Fragile.__module__ = "__main__"
    data = image_set(context).transform(ChainedPreprocessing([CHAIN.transformers[0], Fragile(), CHAIN]))
    with pytest.raises(WorkerError, match=r"on worker \d on .*row 17 .*Fragile\(\): 17: RuntimeError: too dark"):
        train(classifier(), data, batch_size=BATCH, epochs=2, seed=5)


def test_an_image_of_another_size_is_named(train, context):
    chain = ChainedPreprocessing([ImageColorJitter(), ImageMatToTensor(format="NHWC")])
    images = ImageSet.from_arrays([PICTURES[0]] * 9 + [PICTURES[1]], [0] * 10, context).transform(chain)
    message = (
        r"worker \d .*9: value x: expected shape \(30, 50, 3\) as in the first record; received shape \(31, 49, 3\)"
    )
    with pytest.raises(WorkerError, match=message):
        train(classifier((30, 50, 3)), images, batch_size=10, epochs=1)


def test_lost_shards_of_images_are_written_again(train, context):
    model, reference = twin(classifier)
    data = zoo_lab.FeatureSet.from_image_set(image_set(context).transform(CHAIN))

    class Loses(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                shutil.rmtree(data.store.handles[0].folder)

    train(model, data, batch_size=BATCH, epochs=EPOCHS, seed=5, callbacks=[Loses()])
    train_here(reference, CHAIN, named(PICTURES), LABELS)
    assert largest_difference(model, reference) < TOLERANCE
    data.unpersist()


def test_what_cannot_be_chained_is_told(context):
    arrays = zoo_lab.FeatureSet.from_numpy([np.zeros((2, 3)), np.zeros((2, 1))], np.zeros(2), context=context)
    with pytest.raises(ArgumentError, match=r"received int\.\n.*one input; received 2"):
        arrays.transform(3)
    with pytest.raises(ArgumentError, match=r"keep to be one of .*\n.*augment to be a step or a chain; received str"):
        zoo_lab.FeatureSet.from_image_set(image_set(context), augment="flip", keep="all")
    mixed = zoo_lab.FeatureSet.from_numpy(np.zeros((2, 3)), np.zeros(2), context=context).transform(
        MixUp(num_classes=2)
    )
    with pytest.raises(ArgumentError, match=r"to be the last step, as it mixes batches"):
        mixed.transform(Scale(2))
    with pytest.raises(ArgumentError, match=r"one input and one target for MixUp.*; received 1 inputs and 0 targets"):
        zoo_lab.FeatureSet.from_numpy(np.zeros((2, 3)), context=context).transform(MixUp(num_classes=2)).head()
