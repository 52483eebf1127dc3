"""Saves stages as Spark ML does, and loads them: metadata as JSON, the Keras model beside it as a .keras file.

Nothing is pickled: parameters are plain values (`plain`), and `zoo_lab.net` reads models without running their code.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyspark.ml.param import Params
from pyspark.ml.util import DefaultParamsReader, DefaultParamsWriter, MLReader, MLWriter

from zoo_lab.core.errors import ModelError
from zoo_lab.nnframes.copies import bare_copy
from zoo_lab.nnframes.plain import expect_plain

_MODEL = "model.keras"
_FACTS = "zooLab"


class StageWriter(MLWriter):
    """Writes one stage.

    Args:
        stage: with a Keras model.
        facts: what the stage knows beside its parameters and its model, as plain values.
    """

    def __init__(self, stage: Any, facts: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__()
        self.stage = stage
        self.facts = facts

    def saveImpl(self, path: str) -> None:  # noqa: N802 - Spark ML's name
        """Write the stage into a new folder on any path that Spark writes."""
        stage = self.stage
        expect_plain(
            f"{type(stage).__name__}.save", {which.name: value for which, value in stage.extractParamMap().items()}
        )
        facts = dict(self.facts())
        with tempfile.TemporaryDirectory(prefix="zoo_lab-") as folder:
            file = Path(folder, _MODEL)
            _save_model(stage.model, file)
            DefaultParamsWriter.saveMetadata(stage, path, self.sparkSession, extraMetadata={_FACTS: facts})
            _HadoopFiles(self.sparkSession).upload(file, os.path.join(path, _MODEL))


class StageReader(MLReader):
    """Reads one stage.

    Args:
        kind: its class.
        make: gives the stage for its Keras model and its facts.
    """

    def __init__(self, kind: type, make: Callable[[Any, Mapping[str, Any]], Any]) -> None:
        super().__init__()
        self.kind = kind
        self.make = make

    def load(self, path: str) -> Any:
        """Return the stage in a folder; errors name what the file holds that cannot be loaded."""
        name = f"{self.kind.__module__}.{self.kind.__name__}"
        metadata = DefaultParamsReader.loadMetadata(path, self.sparkSession, name)
        with tempfile.TemporaryDirectory(prefix="zoo_lab-") as folder:
            file = Path(folder, _MODEL)
            _HadoopFiles(self.sparkSession).download(os.path.join(path, _MODEL), file)
            model = _load_model(file)
        stage: Params = self.make(model, metadata[_FACTS])
        stage._resetUid(metadata["uid"])
        DefaultParamsReader.getAndSetParams(stage, metadata)
        return stage


class _HadoopFiles:
    """The file systems that Spark's Hadoop knows."""

    def __init__(self, spark: Any) -> None:
        self._jvm = spark.sparkContext._jvm
        self._conf = spark.sparkContext._jsc.hadoopConfiguration()

    def upload(self, file: Path, to: str) -> None:
        """Copy a local file."""
        target = self._path(to)
        target.getFileSystem(self._conf).copyFromLocalFile(self._path(file.as_uri()), target)

    def download(self, path: str, to: Path) -> None:
        """Copy a file here."""
        source = self._path(path)
        source.getFileSystem(self._conf).copyToLocalFile(False, source, self._path(to.as_uri()), True)

    def _path(self, path: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(path)


def _save_model(model: Any, file: Path) -> None:
    """Write a model, or raise `ModelError` if it could not be loaded again."""
    bare_copy(model).save(file)
    try:
        _load_model(file)
    except ModelError as error:
        msg = (
            f"The model {model.name!r} could not be loaded again: {error}\nDecorate its own classes and functions with "
            "@keras.saving.register_keras_serializable(), and put Lambda layers into such a class."
        )
        raise ModelError(msg) from error


def _load_model(file: Path) -> Any:
    import zoo_lab.net.graphnet  # noqa: F401 - registers GraphNet with Keras
    from zoo_lab.net import keras_file

    return keras_file.load(file)
