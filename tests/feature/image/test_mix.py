"""Batches whose images and labels are mixed in the same shares."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest

from tests.feature.image.photographs import photograph
from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import CutMix, MixUp

IMAGES = np.stack(
    [photograph(name)[y : y + 32, x : x + 48] for name in ("china", "flower") for y, x in ((0, 0), (200, 99))]
)
LABELS = np.array([0, 1, 2, 1])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
MIXES = [MixUp(num_classes=3), MixUp(1.0, num_classes=3), CutMix(num_classes=3)]


@pytest.mark.parametrize("mix", MIXES, ids=repr)
def test_a_mix_is_pure_repeatable_portable_and_documented(mix):
    images, labels = IMAGES.copy(), LABELS.copy()
    first = mix(images, labels, seed=3)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)
    for again in (mix(images, labels, seed=3), pickle.loads(pickle.dumps(mix))(images, labels, seed=3)):
        np.testing.assert_array_equal(again[0], first[0])
        np.testing.assert_array_equal(again[1], first[1])
    assert "Example:\n" in inspect.getdoc(type(mix))


@pytest.mark.parametrize("mix", MIXES, ids=repr)
def test_seed_epoch_and_batch_each_draw_anew(mix):
    places = [{"seed": 1}, {"epoch": 1}, {"batch": 1}, {}]
    results = {mix(IMAGES, LABELS, **place)[0].tobytes() for place in places}
    assert len(results) == 4


@pytest.mark.parametrize("seed", range(4))
def test_mixup_blends_images_and_labels_in_one_ratio(seed):
    mix = MixUp(0.4, num_classes=3)
    drawn = mix.draw(np.random.default_rng(seed), IMAGES)
    images, labels = mix.apply(IMAGES, LABELS, drawn)
    partners, kept = list(drawn["partners"]), drawn["kept"]
    np.testing.assert_allclose(images, IMAGES * kept + IMAGES[partners] * (1 - kept), atol=1e-4)  # float32 of 255
    np.testing.assert_allclose(labels, ONE_HOT * kept + ONE_HOT[partners] * (1 - kept), atol=1e-6)
    assert sorted(partners) == [0, 1, 2, 3] and images.dtype == labels.dtype == np.float32


@pytest.mark.parametrize("seed", range(6))
def test_cutmix_shares_are_those_of_the_pixels(seed):
    """The share of pixels that differ from an image's own is what its label gave away."""
    mix = CutMix(num_classes=3)
    drawn = mix.draw(np.random.default_rng(seed), IMAGES)
    numbers = np.broadcast_to(np.arange(4)[:, None, None, None], (4, 32, 48, 1))
    origins, labels = mix.apply(numbers, LABELS, drawn)
    partners = np.array(drawn["partners"])
    for own in range(4):
        shares = np.bincount(origins[own].ravel(), minlength=4) / (32 * 48)
        np.testing.assert_allclose(labels[own], shares @ ONE_HOT, atol=1e-6)
        assert set(np.unique(origins[own])) <= {own, partners[own]}


def test_the_ratio_is_of_a_beta_distribution():
    kept = [MixUp(0.2).draw(np.random.default_rng(seed), IMAGES)["kept"] for seed in range(500)]
    assert abs(np.mean(kept) - 0.5) < 0.08  # four deviations: Beta(.2, .2) has .42
    assert abs(np.std(kept) - (0.25 / 1.4) ** 0.5) < 0.03
    areas = [CutMix().draw(np.random.default_rng(seed), IMAGES)["kept"] for seed in range(500)]
    assert 0 <= min(areas) < 0.3 and 0.95 < max(areas) <= 1


def test_labels_per_class_are_taken_as_they_are():
    drawn = {"kept": 0.25, "partners": (1, 0, 3, 2)}
    shares = np.array([[0.5, 0.5], [1, 0], [0, 1], [0.2, 0.8]])
    _, labels = MixUp().apply(IMAGES, shares, drawn)
    np.testing.assert_allclose(labels, shares * 0.25 + shares[[1, 0, 3, 2]] * 0.75, atol=1e-6)


def test_labels_that_do_not_fit_are_told():
    with pytest.raises(DataError, match="as many labels as images, 4; received 3"):
        MixUp(num_classes=3)(IMAGES, LABELS[:3])
    with pytest.raises(DataError, match="Set num_classes"):
        CutMix()(IMAGES, LABELS)
    with pytest.raises(DataError, match="below num_classes=2"):
        MixUp(num_classes=2)(IMAGES, LABELS)
    with pytest.raises(ArgumentError, match="2 arguments are wrong"):
        MixUp(0, num_classes=0)
