"""Reads the files of formats that are protobuf messages, with errors that name the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import DataError

_HDF5, _ZIP, _PICKLE = b"\x89HDF", b"PK\x03\x04", b"\x80"
_OTHERS = {_HDF5: "an HDF5 file", _ZIP: "a zip archive", _PICKLE: "a Python pickle, which is not read"}


def expect_files(checks: Checks, **paths: Any) -> None:
    """Note every argument that is no file that exists."""
    for name, path in paths.items():
        why = "a folder." if Path(path).is_dir() else "which does not exist."
        checks.require(Path(path).is_file(), f"Expected {name} to be a file; received {str(path)!r}, {why}")


def read_message(path: Path, message_class: Any, what: str) -> Any:
    """Return the message that a file holds; raises `DataError` for a file that is damaged or something else.

    Args:
        path: the file.
        message_class: of `zoo_lab.net.schema`.
        what: the expected content, for messages.
    """
    from google.protobuf.message import DecodeError

    content = path.read_bytes()
    other = next((name for start, name in _OTHERS.items() if content.startswith(start)), None)
    if not content or other:
        msg = f"{path}: expected {what}; received {other or 'an empty file'}."
        raise DataError(msg)
    try:
        message = message_class.FromString(content)
        _expect_text(message)
    except (DecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: expected {what}; its {len(content)} bytes are none. It is cut off, or of another format."
        raise DataError(msg) from error
    return message


def _expect_text(message: Any) -> None:
    """Raise `UnicodeDecodeError` where text is none: protobuf leaves it as bytes."""
    for field, value in message.ListFields():
        if field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        for item in value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else [value]:
            if field.type == field.TYPE_MESSAGE:
                _expect_text(item)
            elif isinstance(item, bytes):
                item.decode("utf-8")


def packed(chunks: Any, dtype: str) -> np.ndarray:
    """Return the numbers of a packed field that was declared `bytes*`; raises `ValueError` for a broken one."""
    return np.frombuffer(b"".join(chunks), dtype)
