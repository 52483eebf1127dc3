"""Reads the files of Keras: .keras, whole models in HDF5, and JSON with weights in HDF5."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError, ModelError
from zoo_lab.net.architecture import expect_safe

_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF"
_SUFFIXES = {_ZIP: (".keras",), _HDF5: (".h5", ".hdf5")}


def load(
    path: str | Path | None = None,
    *,
    json_path: str | Path | None = None,
    hdf5_path: str | Path | None = None,
    by_name: bool = False,
    custom_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return the model of a Keras file, not compiled; arguments and errors are those of `Net.load_keras`."""
    custom_objects = dict(custom_objects or {})
    _check(path, json_path, hdf5_path, by_name)
    if json_path is not None:
        return _load_json(Path(json_path), Path(str(hdf5_path)), by_name, custom_objects)
    return _load_whole(Path(str(path or hdf5_path)), custom_objects)


def _load_whole(path: Path, custom_objects: dict[str, Any]) -> Any:
    import keras

    from zoo_lab.net import graphnet, layers  # noqa: F401  (registers what a loaded network was saved with)

    expect_safe(path.name, _architecture(path), custom_objects)
    return _built(path, lambda: keras.saving.load_model(path, custom_objects, compile=False, safe_mode=True))


def _load_json(json_path: Path, hdf5_path: Path, by_name: bool, custom_objects: dict[str, Any]) -> Any:
    import keras

    text = json_path.read_text(encoding="utf-8")
    config = _parsed(json_path, text)
    expect_safe(json_path.name, config, custom_objects)
    _expect_format(hdf5_path, (_HDF5,))
    if "module" in config:
        model = _built(json_path, lambda: keras.models.model_from_json(text, custom_objects))
    else:
        model = _built(json_path, lambda: _of_keras_2(config, custom_objects))
    arguments = {"by_name": True} if by_name else {}
    _built(hdf5_path, lambda: model.load_weights(hdf5_path, **arguments))
    return model


def _of_keras_2(config: Any, custom_objects: dict[str, Any]) -> Any:
    """Build the model that Keras 2 described; Keras 3 has no public reader for it outside of a whole HDF5 file."""
    from keras.src.legacy.saving.saving_options import keras_option_scope
    from keras.src.legacy.saving.saving_utils import model_from_config
    from keras.src.saving.serialization_lib import SafeModeScope

    with keras_option_scope(use_legacy_config=True), SafeModeScope(True):
        return model_from_config(config, custom_objects=custom_objects)


def _architecture(path: Path) -> Any:
    """Return the model's description in a whole-model file."""
    if _expect_format(path, (_ZIP, _HDF5)) == _ZIP:
        try:
            with zipfile.ZipFile(path) as archive:
                return _parsed(path, archive.read("config.json"))
        except (KeyError, zipfile.BadZipFile) as error:
            msg = f"{path}: expected a file that Keras saved; received a zip archive that is none ({error})."
            raise DataError(msg) from error
    import h5py

    with h5py.File(path) as file:
        description = file.attrs.get("model_config")
    if description is None:
        msg = f"{path}: expected a whole model; received weights alone. Give the architecture too, as json_path."
        raise DataError(msg)
    return _parsed(path, description)


def _expect_format(path: Path, formats: tuple[bytes, ...]) -> bytes:
    """Return the first four bytes of a file if they and its name are those of one of `formats`."""
    with path.open("rb") as file:
        start = file.read(4)
    known = [suffix for signature in formats for suffix in _SUFFIXES[signature]]
    if start not in formats:
        msg = f"{path}: expected a file that Keras saved ({', '.join(known)}); its content is none."
        raise DataError(msg)
    if not path.name.endswith(_SUFFIXES[start]):
        wanted = " or ".join(_SUFFIXES[start])
        msg = f"{path}: expected a name that ends with {wanted}, as its content is that. Rename the file."
        raise DataError(msg)
    return start


def _parsed(path: Path, text: str | bytes) -> Any:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        msg = f"{path}: expected a model's description as JSON; {error}."
        raise DataError(msg) from error
    if not isinstance(parsed, dict):
        msg = f"{path}: expected a model's description as JSON, an object; received {type(parsed).__name__}."
        raise DataError(msg)
    return parsed


def _built(path: Path, build: Any) -> Any:
    """Return what Keras builds of a file, its errors with the file's name."""
    try:
        return build()
    except (TypeError, ValueError, KeyError, OSError, AttributeError) as error:
        told = str(error).split("Full object config")[0].strip()
        msg = f"{path}: Keras cannot build the model. {told}"
        raise ModelError(msg) from error


def _check(path: Any, json_path: Any, hdf5_path: Any, by_name: bool) -> None:
    checks = Checks("Net.load_keras")
    given = {"path": path, "json_path": json_path, "hdf5_path": hdf5_path}
    named = [name for name, value in given.items() if value is not None]
    forms = (["path"], ["hdf5_path"], ["json_path", "hdf5_path"])
    checks.require(
        named in forms,
        f"Expected path alone, or json_path together with hdf5_path; received {' and '.join(named) or 'no file'}.",
    )
    for name in named:
        problem = f"Expected {name} to be a file; received {str(given[name])!r}, "
        is_folder = Path(given[name]).is_dir()
        why = "a folder. A SavedModel is loaded with Net.load_tf." if is_folder else "which does not exist."
        checks.require(Path(given[name]).is_file(), problem + why)
    checks.require(not by_name or json_path is not None, "Expected json_path with by_name=True; received none.")
    checks.done()
