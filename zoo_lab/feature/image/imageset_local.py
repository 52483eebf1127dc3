"""LocalImageSet: images of this machine, read one after the other when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.files import PathLike
from zoo_lab.feature.image.imageset import ImageSet
from zoo_lab.feature.image.loading import LOADER, loaded, to_load
from zoo_lab.feature.image.members import checked_step, labelled_images, shares_of
from zoo_lab.feature.image.pipeline import MadeAgain, Pipeline
from zoo_lab.feature.image.policy import Report
from zoo_lab.feature.image.taking import Prediction, image_of, label_of, predict_of, uri_of
from zoo_lab.feature.image.viewable import Numbered, Place
from zoo_lab.feature.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.feature.image.feature import ImageFeature
    from zoo_lab.feature.image.imageset_distributed import DistributedImageSet


class LocalImageSet(ImageSet):
    """Images of this machine. They are read each time when they are asked for, so that a set of any length fits.

    Args:
        image_list: pictures (height, width[, channels]), channels B, G, R, of 8 bits or floats; or image files as
            bytes; or `ImageFeature`s.
        label_list: a label for each, or None.
        pipeline: what happens to each; for the sets' own use.
        label_map: folder → label of each class.

    Raises `ArgumentError` for lists of different lengths, `DataError` for what is no picture.

    Source: `LocalImageSet` of Analytics Zoo.

    Example:
        >>> images = LocalImageSet([np.zeros((4, 5, 3), np.uint8)], [1])
        >>> images.get_image()[0].shape, images.get_label()
        ((3, 4, 5), [1])
    """

    def __init__(
        self,
        image_list: Iterable[Any],
        label_list: Sequence[Any] | None = None,
        *,
        pipeline: Pipeline | None = None,
        label_map: Mapping[str, int] | None = None,
    ) -> None:
        self._sources = tuple(labelled_images(image_list, label_list))
        self._pipeline = pipeline or Pipeline()
        self._label_map = dict(label_map or {})
        self._report: Report | None = None

    @property
    def label_map(self) -> dict[str, int]:
        """Folder → label of each class, or name of a class → label of its boxes; empty if there are none."""
        return dict(self._label_map)

    @property
    def policy(self) -> str:
        """What becomes of bad files: "raise", "skip" or "mark"."""
        return self._pipeline.policy

    @property
    def pipeline(self) -> Pipeline:
        """What happens to each image, in order."""
        return self._pipeline

    def places(self, start: int = 0) -> tuple[list[Place], int | None]:
        """Return where all images are, without reading them."""
        return list(Numbered(self._pipeline.chosen)(start, self._sources)), None

    def at(self, places: Sequence[Place], work: Callable[[ImageFeature], Any]) -> list[Any]:
        """Return what `work` makes of the images at these places."""
        return [work(self._sources[place.position]) for place in places]

    def is_local(self) -> bool:
        """Return True."""
        return True

    def transform(self, step: Preprocessing) -> LocalImageSet:
        """Return a new set of what `step` makes of each image, when it is asked for; this one stays as it was."""
        return self._with(self._pipeline.then(checked_step(step)))

    def seeded(self, seed: int, epoch: int = 0) -> LocalImageSet:
        """Return a new set whose random steps draw by this seed and epoch, and by the image."""
        return self._with(self._pipeline.replace(seeding=(seed, epoch)))

    def random_split(self, weights: Sequence[float], seed: int = 0) -> list[ImageSet]:
        """Return sets with about these shares of the images; see `ImageSet.random_split`."""
        splits = shares_of(self._pipeline, weights, seed)
        return [self._with(self._pipeline.replace(shares=shares)) for shares in splits]

    def __iter__(self) -> Iterator[Any]:
        return self._pipeline.run(self._sources)

    def __len__(self) -> int:
        if self.policy == "skip":
            report = self.report()
            return report.files - report.bad
        return sum(1 for _ in self._pipeline.chosen(self._sources))

    def get_image(self, key: str = "floats", to_chw: bool = True) -> list[np.ndarray | None]:
        """Return the arrays of all images as a list; see `ImageSet.get_image`."""
        return [image_of(value, key, to_chw) for value in self]

    def get_label(self) -> list[Any]:
        """Return the labels of all images as a list, None for one without."""
        return [label_of(value) for value in self]

    def get_uri(self) -> list[str]:
        """Return where all images came from as a list."""
        return [uri_of(value) for value in self]

    def get_predict(self, key: str = "predict") -> list[Prediction]:
        """Return (uri, what a model said: a list of arrays, or None) of all images as a list."""
        return [predict_of(value, key) for value in self]

    def head(self, count: int = 5) -> list[Any]:
        """Return the first images, as the chain makes them; no others are read."""
        return list(islice(self, count))

    def collect(self) -> list[Any]:
        """Return all images, as the chain makes them."""
        return list(self)

    def report(self) -> Report:
        """Read every file once and return which are no whole picture; later calls return the same."""
        if self._report is None:
            read = [(feature.uri, feature.problem) for feature in self._pipeline.read(self._sources)]
            bad = tuple(sorted(found for found in read if found[1]))
            self._report = Report(len(read), bad, self.policy)
        return self._report

    def to_distributed(self, sc: Any = None, partitions: int | None = None) -> DistributedImageSet:
        """Return the same images as a distributed set.

        Args:
            sc: where: an NNContext, a SparkContext or SparkSession; None for the current context.
            partitions: how many; default one for each worker slot.

        The workers read the files where they see this machine's; else they are read here and sent.
        """
        from zoo_lab.context.nncontext import as_context
        from zoo_lab.feature.image.imageset_distributed import DistributedImageSet
        from zoo_lab.feature.image.imageset_sources import RddSource

        context = as_context(sc)
        sources = list(self._sources) if context.one_host else [loaded(source) for source in self._sources]
        rdd = context.sc.parallelize(sources, partitions or max(1, min(context.slots, len(sources))))
        return DistributedImageSet.of(context, RddSource(rdd), self._pipeline, self._label_map)

    def to_dataframe(self, sc: Any = None, label_type: str = "bigint") -> DataFrame:
        """Return the images as a Spark DataFrame; see `ImageSet.to_dataframe`."""
        return self.to_distributed(sc).to_dataframe(label_type=label_type)

    def to_feature_set(
        self, context: Any = None, *, augment: Preprocessing | None = None, keep: str = "auto"
    ) -> FeatureSet:
        """Pin the images for training; see `FeatureSet.from_image_set`."""
        return self.to_distributed(context).to_feature_set(augment=augment, keep=keep)

    def predicted(
        self, run: Callable[[Iterable[Any]], Iterator[ImageFeature]], policy: str | None = None
    ) -> LocalImageSet:
        """Return a new set with what `run` says now of each image; the images are read again when asked for."""
        found: list[ImageFeature] = []

        def values() -> Iterator[Any]:
            for source in self._pipeline.chosen(self._sources):
                for value in self._pipeline.run([source]):
                    found.append(source)
                    yield value

        said = [(feature.predict, feature.problem) for feature in run(values())]
        sources = [
            to_load(source.uri, MadeAgain(source, self._pipeline, predict, problem), label=source.label)
            for source, (predict, problem) in zip(found, said, strict=True)
        ]
        return LocalImageSet(sources, pipeline=Pipeline(policy=policy or self.policy), label_map=self._label_map)

    def write_parquet(self, output: PathLike) -> None:
        """Write the images to a new folder as Parquet, with this machine alone; see `ImageSet.write_parquet`."""
        from zoo_lab.feature.image.parquet import write_local

        write_local(output, self._pipeline, self._sources)

    def write_sequence_files(self, output: PathLike, layout: str = "labels") -> None:
        """Write the images to a new folder of Hadoop sequence files; see `ImageSet.write_sequence_files`."""
        self.to_distributed().write_sequence_files(output, layout)

    def __repr__(self) -> str:
        waiting = " in files" if any(LOADER in source.extra for source in self._sources[:1]) else ""
        return f"LocalImageSet({len(self._sources):,} images{waiting}{self._pipeline.told()})"

    def _with(self, pipeline: Pipeline) -> LocalImageSet:
        return LocalImageSet(self._sources, pipeline=pipeline, label_map=self._label_map)
