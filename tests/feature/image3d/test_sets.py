"""Sets of volumes: read where they are asked for, cut by chance, pinned for training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image import ImageSet
from zoo_lab.feature.image3d import RandomCrop3D, Rotate3D, read_volume
from zoo_lab.feature.preprocessing import ChainedPreprocessing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("left", "right"):
        (tmp_path / kind).mkdir()
        for number in range(3):
            volume = np.random.default_rng(number).normal(size=(6, 7, 8, 2)).astype(np.float32)
            np.save(tmp_path / kind / f"{number}.npy", volume + (kind == "right"))
    return tmp_path


@pytest.mark.parametrize("where", ["local", "distributed"])
def test_volumes_are_tensors_with_labels_of_their_folders(folder, context, where):
    images = ImageSet.read_volumes(folder, context if where == "distributed" else None, with_label=True)
    assert images.label_map == {"left": 0, "right": 1}
    features = images.collect()
    assert len(images) == len(features) == 6
    for feature in features:
        np.testing.assert_array_equal(feature.tensor, read_volume(feature.uri))
        assert feature.label == images.label_map[Path(feature.uri).parent.name]


def test_chains_over_volumes_run_on_the_workers_as_they_run_here(folder, context):
    chain = ChainedPreprocessing([RandomCrop3D(4, 4, 4), Rotate3D([0.1, 0.2, 0.3])])
    local = ImageSet.read_volumes(folder, with_label=True).transform(chain).seeded(3, epoch=1)
    expected = local.collect()
    found = local.to_distributed(context, partitions=4).collect()
    assert len({feature.draws[0][1]["start"] for feature in found}) > 1
    for here, there in zip(expected, found, strict=True):
        assert here.draws == there.draws
        np.testing.assert_array_equal(here.tensor, there.tensor)
    x, y, _ = local.to_feature_set(context).head(6)
    np.testing.assert_array_equal(x, local.get_image("imageTensor"))
    assert y.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_step_over_volumes_takes_an_rdd(context):
    volumes = [np.full((4, 4, 4), value, np.float32) for value in range(3)]
    found = RandomCrop3D(2, 2, 2)(context.sc.parallelize(volumes, 2)).collect()
    assert [volume.tolist() for volume in found] == [np.full((2, 2, 2), value).tolist() for value in range(3)]


def test_a_file_that_holds_no_volume_follows_the_policy(folder):
    (folder / "left" / "bad.npy").write_bytes(b"no volume")
    with pytest.raises(DataError, match=r"bad\.npy: expected an image file that can be read"):
        ImageSet.read_volumes(folder).collect()
    skipping = ImageSet.read_volumes(folder, policy="skip")
    assert (len(skipping), skipping.report().bad) == (6, 1)
