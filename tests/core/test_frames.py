import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from zoo_lab.core.frames import is_library


@pytest.mark.parametrize("module", [os, json, keras])
def test_lines_of_the_standard_library_and_of_what_zoo_lab_stands_on_are_not_the_users(module):
    assert is_library(module.__file__)


@pytest.mark.parametrize("file", [__file__, "<ipython-input-3>", "/home/ada/model.py", np.__file__])
def test_lines_of_a_notebook_a_script_or_another_package_are(file):
    assert not is_library(str(Path(file)))
