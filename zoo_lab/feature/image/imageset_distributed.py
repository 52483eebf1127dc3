"""DistributedImageSet: images that the workers of a cluster read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from zoo_lab.context.jobs import interruptible
from zoo_lab.core.errors import DataError
from zoo_lab.feature.image.feature import ImageFeature
from zoo_lab.feature.image.files import PathLike
from zoo_lab.feature.image.frames import EncodedRows, PictureRows, schema
from zoo_lab.feature.image.hadoop import resolved
from zoo_lab.feature.image.imageset import ImageSet
from zoo_lab.feature.image.imageset_sources import DistributedSource, Drained, MappedSource, RddSource
from zoo_lab.feature.image.members import as_image, checked_step, shares_of
from zoo_lab.feature.image.pipeline import Pipeline
from zoo_lab.feature.image.policy import Report
from zoo_lab.feature.image.taking import image_of, label_of, predict_of, records_of, uri_of
from zoo_lab.feature.image.viewable import Numbered, Place
from zoo_lab.feature.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pyspark import RDD
    from pyspark.sql import DataFrame

    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.feature.image.feature import ImageFeature


class DistributedImageSet(ImageSet):
    """Images that the workers of a cluster read, decode and transform when they are asked for.

    Args:
        image_rdd: an RDD of pictures, of image files as bytes or of `ImageFeature`s, as in `LocalImageSet`.
        label_rdd: an RDD of labels with the same partitions, or None.

    Source: `DistributedImageSet` of Analytics Zoo.

    Example:
        >>> DistributedImageSet(sc.parallelize([np.zeros((4, 5, 3), np.uint8)])).get_image().count()  # doctest: +SKIP
        1
    """

    def __init__(self, image_rdd: RDD, label_rdd: RDD | None = None) -> None:
        from zoo_lab.context.nncontext import as_context

        images = image_rdd.map(as_image)
        if label_rdd is not None:
            images = images.zip(label_rdd).map(_with_label)
        self._set(as_context(image_rdd.context), RddSource(images), Pipeline(), {})

    @classmethod
    def of(
        cls, context: NNContext, source: DistributedSource, pipeline: Pipeline, label_map: Mapping[str, int]
    ) -> DistributedImageSet:
        """Return the set of the images of a source; for the sets' own use."""
        made = cls.__new__(cls)
        made._set(context, source, pipeline, label_map)
        return made

    def _set(
        self, context: NNContext, source: DistributedSource, pipeline: Pipeline, label_map: Mapping[str, int]
    ) -> None:
        self.context = context
        self._source = source
        self._pipeline = pipeline
        self._label_map = dict(label_map)
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
        """Return where images are from a partition on, and the partition to go on from; see `Viewable.places`."""
        names = self._source.names().mapPartitionsWithIndex(Numbered(self._pipeline.chosen))
        if self._source.cheap_names:
            return sorted(self._run("find images", names)), None
        end, last = max(2 * start, 1), names.getNumPartitions()
        found = self._run("find images", names, list(range(start, min(end, last))))
        return found, end if end < last else None

    def at(self, places: Sequence[Place], work: Callable[[ImageFeature], Any]) -> list[Any]:
        """Return what `work` makes of the images at these places, in the workers."""
        if not places:
            return []
        images, partitions = self._source.at(places)
        made = dict(self._run("show images", images.mapValues(work), partitions))
        return [made[place] for place in places]

    @property
    def rdd(self) -> RDD:
        """The images as an RDD, as the chain makes them."""
        return self._source.images().mapPartitions(Drained(self._pipeline.run))

    def is_local(self) -> bool:
        """Return False."""
        return False

    def transform(self, step: Preprocessing) -> DistributedImageSet:
        """Return a new set of what `step` makes of each image, when it is asked for; this one stays as it was."""
        return self._with(self._pipeline.then(checked_step(step)))

    def seeded(self, seed: int, epoch: int = 0) -> DistributedImageSet:
        """Return a new set whose random steps draw by this seed and epoch, and by the image."""
        return self._with(self._pipeline.replace(seeding=(seed, epoch)))

    def random_split(self, weights: Sequence[float], seed: int = 0) -> list[ImageSet]:
        """Return sets with about these shares of the images; see `ImageSet.random_split`."""
        splits = shares_of(self._pipeline, weights, seed)
        return [self._with(self._pipeline.replace(shares=shares)) for shares in splits]

    def __iter__(self) -> Iterator[Any]:
        rdd = self._guarded()
        for partition in range(rdd.getNumPartitions()):  # one at a time, so that a set of any length fits
            yield from self._run("iterate over images", rdd, [partition])

    def __len__(self) -> int:
        if self.policy == "skip":
            report = self.report()
            return report.files - report.bad
        return sum(self._run("count images", self._source.names().mapPartitions(_Counted(self._pipeline.chosen))))

    def get_image(self, key: str = "floats", to_chw: bool = True) -> RDD:
        """Return the arrays of all images as an RDD; see `ImageSet.get_image`."""
        return self.rdd.map(partial(image_of, key=key, to_chw=to_chw))

    def get_label(self) -> RDD:
        """Return the labels of all images as an RDD, None for one without."""
        return self.rdd.map(label_of)

    def get_uri(self) -> RDD:
        """Return where all images came from as an RDD."""
        return self.rdd.map(uri_of)

    def get_predict(self, key: str = "predict") -> RDD:
        """Return (uri, what a model said: a list of arrays, or None) of all images as an RDD."""
        return self.rdd.map(partial(predict_of, key=key))

    def head(self, count: int = 5) -> list[Any]:
        """Return the first images, as the chain makes them; hardly any others are read."""
        return self._run("show images", self._source.first(count).mapPartitions(_Guarded(self._pipeline.run)))[:count]

    def collect(self) -> list[Any]:
        """Return all images, as the chain makes them, on this machine."""
        return self._run("collect images", self._guarded())

    def report(self) -> Report:
        """Read every file once and return which are no whole picture; later calls return the same."""
        if self._report is None:
            parts = self._run("look at images", self._source.images().mapPartitions(_Problems(self._pipeline)))
            bad = tuple(sorted(found for _, problems in parts for found in problems))
            self._report = Report(sum(files for files, _ in parts), bad, self.policy)
        return self._report

    def to_dataframe(self, sc: Any = None, label_type: str = "bigint") -> DataFrame:
        """Return the images as a Spark DataFrame; see `ImageSet.to_dataframe`."""
        rows = self.rdd.mapPartitions(PictureRows())
        return self.context.spark.createDataFrame(rows, schema(label_type))

    def to_feature_set(
        self, context: Any = None, *, augment: Preprocessing | None = None, keep: str = "auto"
    ) -> FeatureSet:
        """Pin the images for training; see `FeatureSet.from_image_set`."""
        from zoo_lab.feature.featureset import FeatureSet
        from zoo_lab.feature.image.pinning import pin_images

        if self._pipeline.by_chance or augment is not None or keep != "auto":
            return pin_images(self.context, self._source.images(), self._pipeline, augment, keep)
        return FeatureSet.from_rdd(self.rdd.mapPartitions(records_of), context=self.context)

    def predicted(
        self, run: Callable[[Iterable[Any]], Iterator[ImageFeature]], policy: str | None = None
    ) -> DistributedImageSet:
        """Return a new set with what `run` says of each image, on the workers and when it is asked for."""
        source = MappedSource(self._source, self._pipeline, run)
        return DistributedImageSet.of(self.context, source, Pipeline(policy=policy or self.policy), self._label_map)

    def write_parquet(self, output: PathLike) -> None:
        """Write the images to a new folder as Parquet; see `ImageSet.write_parquet`."""
        pipeline, original = self._pipeline.keeping_bytes()
        rows = self._source.images().mapPartitions(Drained(pipeline.run)).mapPartitions(EncodedRows(original))
        frame = self.context.spark.createDataFrame(rows, schema("bigint", picture="binary"))
        with self.context.jobs.session("zoo_lab: write images") as session, interruptible():
            session.run(lambda: frame.write.parquet(resolved(self.context, os.fspath(output))))

    def write_sequence_files(self, output: PathLike, layout: str = "labels") -> None:
        """Write the images to a new folder of Hadoop sequence files; see `ImageSet.write_sequence_files`."""
        from zoo_lab.feature.image.sequencefiles import write_sequence_files

        write_sequence_files(self.context, self._source.images(), self._pipeline, output, layout)

    def __repr__(self) -> str:
        return f"DistributedImageSet({type(self._source).__name__}{self._pipeline.told()})"

    def _with(self, pipeline: Pipeline) -> DistributedImageSet:
        return DistributedImageSet.of(self.context, self._source, pipeline, self._label_map)

    def _guarded(self) -> RDD:
        return self._source.images().mapPartitions(_Guarded(self._pipeline.run))

    def _run(self, what: str, rdd: RDD, partitions: list[int] | None = None) -> list[Any]:
        """Return the records of an RDD, or of some of its partitions; an error that is one of them is raised."""
        with self.context.jobs.session(f"zoo_lab: {what}") as session, interruptible():
            results = session.run(lambda: rdd.context.runJob(rdd, list, partitions))
        for result in results:
            if isinstance(result, DataError):
                raise result
        return results


class _Guarded:
    """Gives a `DataError` as the last record instead of raising it: Spark would bury it in what its Java says."""

    def __init__(self, run: Callable[[Iterable[Any]], Iterator[Any]]) -> None:
        self.run = Drained(run)

    def __call__(self, sources: Iterator[Any]) -> Iterator[Any]:
        try:
            yield from self.run(sources)
        except DataError as error:
            yield error


class _Counted:
    def __init__(self, chosen: Callable[[Iterable[Any]], Iterator[Any]]) -> None:
        self.chosen = chosen

    def __call__(self, sources: Iterable[Any]) -> Iterator[int]:
        yield sum(1 for _ in self.chosen(sources))


class _Problems:
    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def __call__(self, sources: Iterable[Any]) -> Iterator[tuple[int, list[tuple[str, str]]]]:
        files, problems = 0, []
        for feature in self.pipeline.read(sources):
            files += 1
            if feature.problem:
                problems.append((feature.uri, feature.problem))
        yield files, problems


def _with_label(pair: tuple[Any, Any]) -> Any:
    image, label = pair
    return image.replace(label=label)
