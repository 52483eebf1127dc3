import json

import pytest

from zoo_lab.core.errors import MissingExtraError
from zoo_lab.core.optional import require


def test_an_installed_package_is_returned():
    assert require("json", extra="none", why="reading JSON") is json


def test_a_missing_package_names_the_extra_that_brings_it():
    with pytest.raises(
        MissingExtraError, match=r"Reading ONNX needs the package 'nowhere'.*pip install 'zoo-lab\[onnx\]'"
    ):
        require("nowhere.deep", extra="onnx", why="Reading ONNX")
