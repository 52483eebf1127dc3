"""ImageSet: many images, on this machine or on a cluster, read and transformed when they are asked for.

imageset is what a set can do and how one is made, othersources how of what is no plain file · imageset_local and imageset_distributed do it · imageset_reading
decides how files are read · pipeline is what happens to each image · policy is what becomes of bad files.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zoo_lab.feature.image.files import EXTENSIONS, PathLike
from zoo_lab.feature.image.othersources import OtherSources
from zoo_lab.feature.image.policy import Report
from zoo_lab.feature.image.reading import MAX_PIXELS
from zoo_lab.feature.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pyspark import RDD
    from pyspark.sql import DataFrame

    from zoo_lab.feature.featureset import FeatureSet
    from zoo_lab.feature.image.feature import ImageFeature


class ImageSet(OtherSources):
    """Many images. `ImageSet.read` and its kin make one; nothing is read before it is asked for.

    With `sc` (an NNContext, SparkContext or SparkSession) a set is distributed: its workers read the images, and what
    a local set gives as a list it gives as an RDD.

    Source: `ImageSet` of Analytics Zoo, whose transform changes the set itself and whose labels count from 1.

    Example:
        >>> images = ImageSet.from_arrays([np.zeros((4, 6, 3), np.uint8)], labels=[2])
        >>> images.get_image(to_chw=False)[0].shape, images.get_label(), len(images)
        ((4, 6, 3), [2], 1)
    """

    @classmethod
    def read(
        cls,
        path: PathLike | Sequence[PathLike],
        sc: Any = None,
        min_partitions: int | None = None,
        resize_height: int = -1,
        resize_width: int = -1,
        image_codec: int = -1,
        with_label: bool = False,
        one_based_label: bool = False,
        *,
        policy: str = "raise",
        recursive: bool = True,
        extensions: Sequence[str] | None = EXTENSIONS,
        max_pixels: int = MAX_PIXELS,
    ) -> ImageSet:
        """Return the set of the image files in a place.

        Args:
            path: a file, a folder, a glob such as "animals/*/*.jpg", or a list of these. With `sc` any path that
                Spark reads, such as hdfs://… or s3a://…; files that are named are read whatever their ending.
            sc: an NNContext, SparkContext or SparkSession for a distributed set; None for a local one.
            min_partitions: of a distributed set, where there are as many files; None for two for each worker slot (of
                files that the workers cannot open themselves, as many as Spark plans).
            resize_height, resize_width: size in pixels that each image is brought to (linear); -1 keeps its own.
            image_codec: -1 channels as they are in the file, 0 gray, 1 B, G, R; 16 bits stay as floats with -1.
            with_label: whether the label is the number of the folder's name among all folders' names, sorted.
            one_based_label: whether these numbers start at 1 instead of 0.
            policy: for a file that is empty, cut off, damaged, no image or too large: "raise" names it in an error,
                "skip" leaves it out and lists it in `report()`, "mark" keeps it with the reason as its `problem`.
            recursive: whether folders within folders are searched too.
            extensions: endings of the files to take from folders; None for all.
            max_pixels: height × width beyond which a file is not decoded but told as bad.

        Raises `ArgumentError` listing the wrong arguments, `DataError` where there are no images.
        """
        from zoo_lab.feature.image.imageset_reading import Options, read

        options = Options(min_partitions, resize_height, resize_width, image_codec, policy, max_pixels)
        found = {"recursive": recursive, "extensions": extensions}
        return read(path, sc, options, with_label=with_label, one_based_label=one_based_label, **found)

    @classmethod
    def from_arrays(
        cls, images: Iterable[Any], labels: Sequence[Any] | None = None, sc: Any = None, *, policy: str = "raise"
    ) -> ImageSet:
        """Return the set of pictures in memory, called "0", "1", … unless they have a uri.

        Args:
            images: arrays (height, width[, channels]), channels B, G, R, of 8 bits or floats; image files as bytes; or
                `ImageFeature`s.
            labels: one for each, or None.
            sc: for a distributed set, as in `read`.
            policy: as in `read`, for files and for images that have a `problem`.
        """
        from zoo_lab.feature.image.imageset_local import LocalImageSet
        from zoo_lab.feature.image.imageset_reading import Options

        local = LocalImageSet(images, labels, pipeline=Options(policy=policy).pipeline())
        return local if sc is None else local.to_distributed(sc)

    @classmethod
    def from_rdds(cls, image_rdd: RDD, label_rdd: RDD | None = None) -> ImageSet:
        """Return the distributed set of pictures in an RDD.

        Args:
            image_rdd: of arrays, image files as bytes or `ImageFeature`s, as in `from_arrays`.
            label_rdd: of labels, with as many in each partition; or None.
        """
        from zoo_lab.feature.image.imageset_distributed import DistributedImageSet

        return DistributedImageSet(image_rdd, label_rdd)

    @classmethod
    def from_dataframe(
        cls,
        df: DataFrame,
        image_col: str = "image",
        label_col: str | None = None,
        uri_col: str | None = None,
        *,
        boxes_col: str | None = None,
        problem_col: str | None = None,
        image_codec: int = -1,
        policy: str = "raise",
        max_pixels: int = MAX_PIXELS,
    ) -> ImageSet:
        """Return the distributed set of the images in a Spark DataFrame.

        Args:
            df: what Spark's data sources image and binaryFile give, or `to_dataframe`.
            image_col: a column with Spark's image struct, or with image files as binary.
            label_col, uri_col, boxes_col, problem_col: columns as `to_dataframe` names them (label, uri, boxes,
                problem), or None. Without `uri_col` an image struct's origin is taken.
            image_codec, policy, max_pixels: as in `read`; a null is a bad image.

        Raises `ArgumentError` listing the columns that are missing.
        """
        from zoo_lab.feature.image.frames import RowReader
        from zoo_lab.feature.image.imageset_reading import Options, from_dataframe

        options = Options(image_codec=image_codec, policy=policy, max_pixels=max_pixels)
        return from_dataframe(df, RowReader(image_col, label_col, uri_col, boxes_col, problem_col), options)

    @property
    @abstractmethod
    def label_map(self) -> dict[str, int]:
        """Folder → label of each class, or name of a class → label of its boxes; empty if there are none."""

    @property
    @abstractmethod
    def policy(self) -> str:
        """What becomes of bad files: "raise", "skip" or "mark"."""

    @abstractmethod
    def is_local(self) -> bool:
        """Tell whether the images are on this machine."""

    def is_distributed(self) -> bool:
        """Tell whether the images are on a cluster."""
        return not self.is_local()

    @abstractmethod
    def transform(self, step: Preprocessing) -> ImageSet:
        """Return a new set of what `step` makes of each image, when it is asked for; this one stays as it was."""

    @abstractmethod
    def seeded(self, seed: int, epoch: int = 0) -> ImageSet:
        """Return a new set whose random steps draw by this seed and epoch, and by the image."""

    @abstractmethod
    def random_split(self, weights: Sequence[float], seed: int = 0) -> list[ImageSet]:
        """Return sets with about these shares of the images, each image in exactly one.

        Args:
            weights: positive numbers; they are divided by their sum.
            seed: with the uri it decides where an image goes, so that local and distributed sets split alike.
        """

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """Iterate over the images as the chain makes them."""

    @abstractmethod
    def __len__(self) -> int:
        """Return how many images there are; with policy "skip" every file is read once to know."""

    @abstractmethod
    def get_image(self, key: str = "floats", to_chw: bool = True) -> Any:
        """Return the arrays of all images: a list, or an RDD of a distributed set; None for a marked one.

        Args:
            key: "floats" the picture as float32, "mat" that of 8 bits, "imageTensor" what a model takes, or a key of
                one's own.
            to_chw: whether a picture's axes become channels, height, width; a tensor keeps its own.
        """

    @abstractmethod
    def get_label(self) -> Any:
        """Return the labels of all images: a list, or an RDD of a distributed set; None for an image without."""

    @abstractmethod
    def get_uri(self) -> Any:
        """Return where all images came from: a list, or an RDD of a distributed set."""

    @abstractmethod
    def get_predict(self, key: str = "predict") -> Any:
        """Return (uri, what a model said: a list of arrays, or None): a list, or an RDD of a distributed set."""

    @abstractmethod
    def head(self, count: int = 5) -> list[Any]:
        """Return the first images, as the chain makes them; as few others as can be are read."""

    @abstractmethod
    def collect(self) -> list[Any]:
        """Return all images, as the chain makes them, on this machine."""

    @abstractmethod
    def report(self) -> Report:
        """Read every file once and return which are no whole picture; later calls return the same."""

    @abstractmethod
    def to_dataframe(self, sc: Any = None, label_type: str = "bigint") -> DataFrame:
        """Return the images as a Spark DataFrame with the columns uri, image, label, boxes and problem.

        Args:
            sc: where a local set goes: an NNContext, SparkContext or SparkSession; None for the current context.
            label_type: Spark's type of the labels.

        `image` is the image struct of Spark, `boxes` a struct as `from_dataframe` takes it.
        """

    @abstractmethod
    def to_feature_set(
        self, context: Any = None, *, augment: Preprocessing | None = None, keep: str = "auto"
    ) -> FeatureSet:
        """Pin the images for training; see `FeatureSet.from_image_set`."""

    @abstractmethod
    def predicted(self, run: Callable[[Iterable[Any]], Iterator[ImageFeature]], policy: str | None = None) -> ImageSet:
        """Return a new set of the same images with their `predict`; `zoo_lab.predict` is what calls it.

        Args:
            run: takes images, as the chain makes them, and gives as many with their `predict`, in the same order.
            policy: of the new set, as in `read`; None for this set's own.
        """

    @abstractmethod
    def write_parquet(self, output: PathLike) -> None:
        """Write the images to a new folder as Parquet: their own files where nothing was changed, else PNG.

        Args:
            output: a folder that does not exist; of a distributed set on any path that Spark writes.

        Raises `DataError` for pictures that PNG cannot hold.
        """
