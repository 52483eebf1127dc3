"""What a set can do is the same for both kinds, documented, and its examples run."""

from __future__ import annotations

import doctest
import importlib
import inspect

import pytest

from zoo_lab.feature.image import DistributedImageSet, ImageSet, LocalImageSet

MODULES = [
    "access", "annotated", "coco", "detections", "files", "frames", "hadoop", "imageset", "imageset_distributed",
    "imageset_local", "imageset_reading", "imageset_sources", "labels", "loading", "members", "namedfiles", "othersources", "parquet", "pipeline",
    "playable", "playground", "policy", "protobuf", "reading", "sequencefiles", "taking", "tfrecord", "viewable", "viewing", "voc",
]  # fmt: skip
READERS = [
    name
    for name in dir(ImageSet)
    if not name.startswith("_") and isinstance(inspect.getattr_static(ImageSet, name), classmethod)
]


def public(cls: type) -> dict[str, object]:
    return {name: value for name, value in vars(cls).items() if not name.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    module = importlib.import_module(f"zoo_lab.feature.image.{name}")
    assert doctest.testmod(module, extraglobs={"np": importlib.import_module("numpy")}).failed == 0


@pytest.mark.parametrize("name", READERS)
def test_every_argument_of_a_reader_is_documented(name):
    reader = getattr(ImageSet, name)
    text = inspect.getdoc(reader)
    missing = [argument for argument in inspect.signature(reader).parameters if argument not in text]
    assert missing == [] or "the arguments are those of `read`" in text


def test_there_are_readers_for_every_source():
    assert len(READERS) == 10
    assert READERS == [name for name in READERS if name.startswith(("read", "from"))]


@pytest.mark.parametrize("cls", [LocalImageSet, DistributedImageSet])
def test_both_kinds_do_what_a_set_does_and_say_so(cls):
    assert not inspect.isabstract(cls)
    assert [name for name, value in public(cls).items() if not inspect.getdoc(value)] == []
    for name, value in public(ImageSet).items():
        if callable(value) and name in vars(cls):
            expected, found = inspect.signature(value), inspect.signature(vars(cls)[name])
            assert list(found.parameters) == list(expected.parameters), name
