"""Sets of the real files: local and distributed ones give the same, lazily, and leave each other alone."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from zoo_lab.core.errors import ArgumentError, DataError
from zoo_lab.feature.image import (
    DistributedImageSet,
    ImageCenterCrop,
    ImageExpand,
    ImageFeature,
    ImageMatToTensor,
    ImageResize,
    ImageSet,
    LocalImageSet,
    MixUp,
)
from zoo_lab.feature.preprocessing import ChainedPreprocessing

RANDOM = ChainedPreprocessing([ImageExpand(), ImageResize(30, 40, -1)])


@pytest.fixture
def imagenet(test_data: Path) -> Path:
    return test_data / "images" / "imagenet"


@pytest.fixture(params=["local", "distributed"])
def sc(request: pytest.FixtureRequest) -> Any:
    return None if request.param == "local" else request.getfixturevalue("context")


def listed(values: Any) -> list[Any]:
    """Return what a set gives as a list, which a distributed one gives as an RDD."""
    return values if isinstance(values, list) else values.collect()


def by_uri(images: ImageSet) -> dict[str, ImageFeature]:
    return {feature.uri: feature for feature in images.collect()}


def test_the_files_of_a_folder_are_read_with_labels_from_0(imagenet, sc):
    images = ImageSet.read(imagenet, sc, with_label=True)
    assert isinstance(images, LocalImageSet if sc is None else DistributedImageSet)
    assert (images.is_local(), images.is_distributed()) == (sc is None, sc is not None)
    assert len(images) == 11
    assert images.label_map == {"n02110063": 0, "n04370456": 1, "n15075141": 2, "n99999999": 3}
    for uri, feature in by_uri(images).items():
        np.testing.assert_array_equal(feature.mat.squeeze(), cv2.imread(uri, cv2.IMREAD_UNCHANGED).squeeze())
        assert feature.label == images.label_map[Path(uri).parent.name]
    assert [feature.uri for feature in images] == [feature.uri for feature in images.collect()]
    assert sorted(listed(images.get_label())) == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3]
    assert sorted(listed(images.get_uri())) == sorted(str(path) for path in imagenet.rglob("*.*"))


def test_labels_count_from_1_for_those_who_need_it(imagenet, sc):
    images = ImageSet.read(imagenet, sc, with_label=True, one_based_label=True)
    assert sorted(set(listed(images.get_label()))) == [1, 2, 3, 4] == sorted(images.label_map.values())
    assert listed(ImageSet.read(imagenet / "n04370456", sc).get_label()) == [None, None]


def test_the_image_of_the_reference_has_its_size(test_data, sc):
    path = test_data / "images" / "pascal" / "000025.jpg"
    [feature] = ImageSet.read(path, sc).collect()
    assert (feature.size, feature.mat.nbytes) == ((375, 500, 3), 562_500)
    [small] = ImageSet.read(path, sc, resize_height=128, resize_width=128).collect()
    assert small.mat.nbytes == 49_152
    np.testing.assert_array_equal(small.mat, cv2.resize(cv2.imread(str(path)), (128, 128)))


def test_pictures_are_given_as_floats_or_bytes_and_in_either_order_of_axes(test_data, sc):
    path = str(test_data / "images" / "pascal" / "000025.jpg")
    images = ImageSet.read(path, sc)
    expected = cv2.imread(path)
    [floats] = listed(images.get_image())
    [mat] = listed(images.get_image("mat", to_chw=False))
    assert (floats.dtype, mat.dtype) == (np.float32, np.uint8)
    np.testing.assert_array_equal(floats, expected.transpose(2, 0, 1))
    np.testing.assert_array_equal(mat, expected)
    tensors = images.transform(ImageMatToTensor(to_RGB=True, format="NHWC"))
    np.testing.assert_array_equal(listed(tensors.get_image("imageTensor"))[0], expected[..., ::-1])


def test_a_key_without_a_value_is_named(imagenet, context):
    images = ImageSet.read(imagenet / "n04370456")
    with pytest.raises(DataError, match=r"n04370456_11513\.JPEG: expected an array under 'imageTensor'"):
        images.get_image("imageTensor")


def test_a_transform_gives_a_new_set_and_is_lazy(imagenet, sc):
    images = ImageSet.read(imagenet, sc)
    small = images.transform(ImageCenterCrop(20, 10))
    assert small is not images
    assert {array.shape[1:] for array in listed(small.get_image())} == {(10, 20)}
    assert (10, 20) not in {array.shape[1:] for array in listed(images.get_image())}
    too_large = images.transform(ImageCenterCrop(20, 10)).transform(Fails())
    assert len(too_large) == 11
    with pytest.raises(DataError, match="this step fails"):
        too_large.collect()


class Fails(ChainedPreprocessing):
    def __init__(self) -> None:
        super().__init__([ImageCenterCrop(1, 1)])

    def __call__(self, value: Any) -> Any:
        msg = f"{value.uri}: this step fails"
        raise DataError(msg)


def test_a_chain_is_called_with_a_set(imagenet, sc):
    images = ImageSet.read(imagenet, sc, image_codec=1)
    assert {array.shape for array in listed(RANDOM(images).get_image("mat", to_chw=False))} == {(30, 40, 3)}


def test_chance_depends_on_seed_epoch_and_image_whatever_the_partitions(imagenet, context):
    local = ImageSet.read(imagenet, image_codec=1).transform(RANDOM)
    sets = [
        local,
        ImageSet.read(imagenet, context, image_codec=1).transform(RANDOM),
        ImageSet.read(imagenet, context.sc, min_partitions=7, image_codec=1).transform(RANDOM),
        local.to_distributed(context, partitions=3),
    ]
    expected = by_uri(local.seeded(5, epoch=2))
    for images in sets:
        found = by_uri(images.seeded(5, epoch=2))
        assert found.keys() == expected.keys()
        for uri, feature in found.items():
            assert feature.draws == expected[uri].draws
            np.testing.assert_array_equal(feature.mat, expected[uri].mat)
    for other in (local, local.seeded(6, epoch=2), local.seeded(5, epoch=3)):
        assert all(feature.draws != expected[uri].draws for uri, feature in by_uri(other).items())


def test_more_partitions_are_made_when_asked_for(imagenet, context):
    images = ImageSet.read(imagenet, context.spark, min_partitions=6)
    assert images.rdd.getNumPartitions() >= 6
    # the setting that does it stays out of the user's session
    assert ImageSet.read(imagenet, context.spark).rdd.getNumPartitions() < 6


def test_a_split_puts_each_image_into_one_part_wherever_the_set_is(test_data, context):
    folder = test_data / "images"
    local, distributed = ImageSet.read(folder), ImageSet.read(folder, context)
    splits = [images.random_split([3, 1], seed=4) for images in (local, distributed)]
    parts = [[set(listed(part.get_uri())) for part in split] for split in splits]
    assert parts[0] == parts[1]
    large, small = parts[0]
    assert large | small == set(local.get_uri())
    assert not large & small
    assert len(small) < len(large)
    first, _ = local.random_split([3, 1], seed=4)
    assert [len(part) for part in first.random_split([3, 1], seed=4)] != [len(first), 0]
    assert [len(part) for part in local.random_split([3, 1], seed=4)] == [len(large), len(small)]
    assert local.random_split([1, 1], seed=1)[0].get_uri() != local.random_split([1, 1], seed=2)[0].get_uri()


def test_shares_are_about_as_large_as_asked_for():
    images = LocalImageSet([np.zeros((1, 1), np.uint8)] * 4000)
    sizes = [len(part) for part in images.random_split([0.5, 0.3, 0.2])]
    assert sum(sizes) == 4000
    # three standard deviations of a share of 4000 are below 95
    np.testing.assert_allclose(sizes, [2000, 1200, 800], atol=95)


def test_predictions_come_with_their_uri(sc):
    said = {"a": np.ones(2), "b": None, "c": [1, [2]]}
    features = [ImageFeature(uri=uri, predict=predict) for uri, predict in said.items()]
    found = dict(listed(ImageSet.from_arrays(features, sc=sc).get_predict()))
    assert found["b"] is None
    assert [array.tolist() for array in found["a"]] == [[1, 1]]
    assert [array.tolist() for array in found["c"]] == [1, [2]]


def test_arrays_and_rdds_are_sets_too(context):
    arrays = [np.full((2, 3, 3), value, np.uint8) for value in range(4)]
    sets = [
        ImageSet.from_arrays(arrays, [0, 1, 2, 3]),
        ImageSet.from_arrays(arrays, np.arange(4), sc=context),
        ImageSet.from_rdds(context.sc.parallelize(arrays, 2), context.sc.parallelize(range(4), 2)),
    ]
    for images in sets:
        pairs = zip(listed(images.get_image("mat", to_chw=False)), listed(images.get_label()), strict=True)
        assert [(array.tolist(), label) for array, label in pairs] == [(a.tolist(), i) for i, a in enumerate(arrays)]
    encoded = cv2.imencode(".png", arrays[3])[1].tobytes()
    for images in (ImageSet.from_arrays([encoded]), ImageSet.from_rdds(context.sc.parallelize([encoded]))):
        np.testing.assert_array_equal(listed(images.get_image("mat", to_chw=False))[0], arrays[3])


def test_only_what_is_shown_is_read(imagenet, sc, tmp_path):
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", np.zeros((2, 2), np.uint8))[1].tobytes())
    (tmp_path / "b.png").write_bytes(b"broken")
    images = ImageSet.read(tmp_path, sc, policy="mark")
    assert len(images.head(1)) == 1
    assert len(images.head(10)) == 2
    assert [Path(feature.uri).name for feature in ImageSet.read(tmp_path / "a.png", sc).head()] == ["a.png"]


def test_globs_lists_depth_and_endings_are_obeyed(imagenet, sc, tmp_path, monkeypatch):
    assert len(ImageSet.read(imagenet / "n02*" / "*_8651.JPEG", sc)) == 1
    assert len(ImageSet.read([imagenet / "n04370456", imagenet / "n15075141"], sc)) == 5
    assert len(ImageSet.read(imagenet, sc, extensions=(".bmp",))) == 1
    assert len(ImageSet.read(f"file://{imagenet}", sc)) == 11
    monkeypatch.chdir(imagenet.parent)
    assert len(ImageSet.read("imagenet", sc)) == 11
    with pytest.raises(DataError, match=r"there are none\. Folders within it are searched with recursive=True"):
        ImageSet.read(imagenet, sc, recursive=False)
    folder = tmp_path / "a b [c] 100%"
    (folder / "deep").mkdir(parents=True)
    picture = cv2.imencode(".png", np.zeros((2, 2), np.uint8))[1].tobytes()
    for name in ("1.PNG", "deep/é.png", "notes.txt", ".hidden.png", "_temporary.png", "odd"):
        (folder / name).write_bytes(picture)
    place = tmp_path / "a b*"
    assert sorted(Path(uri).name for uri in listed(ImageSet.read(place, sc).get_uri())) == ["1.PNG", "é.png"]
    assert len(ImageSet.read(place, sc, recursive=False)) == 1
    assert len(ImageSet.read(place, sc, extensions=None)) == 4
    assert len(ImageSet.read(tmp_path / "a b*" / "odd", sc)) == 1
    assert len(ImageSet.read(folder, sc)) == 2  # its name would be a glob that does not match it


def test_a_place_without_images_is_told(sc, tmp_path):
    with pytest.raises(DataError, match="there is no such file or folder"):
        ImageSet.read(tmp_path / "missing", sc)
    with pytest.raises(DataError, match=r"expected image files that end in \.bmp.*there are none"):
        ImageSet.read(tmp_path, sc)


def test_what_spark_cannot_read_is_told_in_one_line(context, imagenet):
    with pytest.raises(DataError, match="expected a path that Spark reads; received 'nowhere:/a': No FileSystem for"):
        ImageSet.read("nowhere:/a", context)
    with pytest.raises(ArgumentError, match="without a file in common"):
        ImageSet.read([imagenet, imagenet / "n04370456"], context)
    assert len(ImageSet.read([imagenet, imagenet / "n04370456"])) == 11


def test_wrong_arguments_are_told_at_once(tmp_path):
    with pytest.raises(ArgumentError, match=r"(?s)min_partitions.*resize_width.*image_codec.*Did you mean 'skip'"):
        ImageSet.read(tmp_path, min_partitions=0, resize_height=3, image_codec=7, policy="skipp")
    with pytest.raises(ArgumentError, match="max_pixels to be at most"):
        ImageSet.read(tmp_path, max_pixels=1 << 40)
    with pytest.raises(ArgumentError, match=r"hdfs://host/a.*Pass sc=context"):
        ImageSet.read("hdfs://host/a")
    with pytest.raises(ArgumentError, match="a label for each of 1 images; received 2"):
        ImageSet.from_arrays([np.zeros((2, 2), np.uint8)], [1, 2])
    with pytest.raises(ArgumentError, match="expected a step or a chain"):
        LocalImageSet([]).transform(len)
    with pytest.raises(ArgumentError, match=r"received MixUp\. It mixes batches: use FeatureSet\.from_image_set"):
        LocalImageSet([]).transform(MixUp())
    with pytest.raises(ArgumentError, match="weights to be positive"):
        LocalImageSet([]).random_split([1, 0])


def test_a_set_says_what_it_is_without_reading(imagenet, sc):
    images = ImageSet.read(imagenet, sc, policy="skip").transform(ImageResize(3, 4)).seeded(1)
    text = repr(images)
    assert text.startswith("LocalImageSet(11 images in files" if sc is None else "DistributedImageSet(")
    assert '"skip"' in text
    assert "ImageResize" in text


def test_a_local_set_travels(imagenet):
    images = ImageSet.read(imagenet, with_label=True, image_codec=1).transform(RANDOM)
    assert pickle.loads(pickle.dumps(images)).get_label() == images.get_label()
