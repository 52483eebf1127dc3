"""Images that are known but not loaded yet, and what brings them. Runs inside Spark executors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature

LOADER = "zoo_lab.loader"
"""Key of an image that has not been loaded yet."""


class Loader(ABC):
    """Brings an image from where it lies, when it is needed; kept under the image's key `LOADER`."""

    @abstractmethod
    def load(self, source: ImageFeature) -> ImageFeature:
        """Return the image with its bytes or its volume.

        Raises `OSError` or `DataError` where it cannot be brought.
        """


@dataclass(frozen=True)
class LocalFile(Loader):
    """A file of this machine that holds one image.

    Args:
        path: where it is.
    """

    path: str

    def load(self, source: ImageFeature) -> ImageFeature:
        """Return the image with the bytes of the file."""
        return source.replace(bytes=Path(self.path).read_bytes())


def loaded(source: ImageFeature) -> ImageFeature:
    """Return the image as its loader brings it, or with the problem of bringing it."""
    loader = source.extra.get(LOADER)
    if loader is None:
        return source
    source = source.replace(extra={key: value for key, value in source.extra.items() if key != LOADER})
    try:
        return loader.load(source)
    except OSError as error:
        return source.replace(problem=f"it cannot be opened: {error.strerror or error}")
    except DataError as error:
        return source.replace(problem=str(error))


def to_load(uri: str, loader: Loader, **known: Any) -> ImageFeature:
    """Return an image that is still to be loaded.

    Args:
        uri: what it is called.
        loader: brings it.
        known: what is known of it before, such as its label.
    """
    return ImageFeature(uri=uri, extra={LOADER: loader}, **known)


@dataclass(frozen=True)
class LocalVolume(Loader):
    """A file of this machine that holds one volume.

    Args:
        path: where it is.
        key: name of the variable in a MATLAB file.
    """

    path: str
    key: str | None = None

    def load(self, source: ImageFeature) -> ImageFeature:
        """Return the image with the volume as its tensor."""
        from zoo_lab.feature.image3d.volumes import read_volume

        return source.replace(tensor=read_volume(self.path, self.key))
