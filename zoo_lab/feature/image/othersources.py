"""How a set is made of data sets, tables and files that hold many images; and written to the predecessor's files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoo_lab.feature.image.files import PathLike
from zoo_lab.feature.image.reading import MAX_PIXELS
from zoo_lab.feature.image.viewable import Viewable

if TYPE_CHECKING:
    from zoo_lab.feature.image.imageset import ImageSet


class OtherSources(Viewable):
    """The readers of an `ImageSet` for all but plain image files."""

    @classmethod
    def read_voc(
        cls,
        path: PathLike,
        split: str | None = None,
        sc: Any = None,
        *,
        classes: Sequence[str] | None = None,
        min_partitions: int | None = None,
        resize_height: int = -1,
        resize_width: int = -1,
        image_codec: int = -1,
        policy: str = "raise",
        max_pixels: int = MAX_PIXELS,
    ) -> ImageSet:
        """Return a PASCAL VOC data set: its images with boxes, in pixels as the files have them.

        Args:
            path: a folder with JPEGImages and Annotations, such as VOCdevkit/VOC2007.
            split: a list in ImageSets/Main, such as "trainval"; None for every annotated image.
            classes: names of the classes, numbered from 0; None for the 20 of PASCAL VOC.
            sc, min_partitions, resize_height, resize_width, image_codec, policy, max_pixels: as in `read`.

        Raises `DataError` naming what is missing, and the file that is no annotation or names another class.
        """
        from zoo_lab.feature.image.imageset_reading import Options, read_annotated
        from zoo_lab.feature.image.voc import CLASSES, Voc

        options = Options(min_partitions, resize_height, resize_width, image_codec, policy, max_pixels)
        return read_annotated(Voc(path, split, CLASSES if classes is None else classes), sc, options)

    @classmethod
    def read_coco(
        cls,
        images: PathLike,
        annotations: PathLike,
        sc: Any = None,
        *,
        min_partitions: int | None = None,
        resize_height: int = -1,
        resize_width: int = -1,
        image_codec: int = -1,
        policy: str = "raise",
        max_pixels: int = MAX_PIXELS,
    ) -> ImageSet:
        """Return a COCO data set: its images with boxes in pixels; `label_map` numbers its categories from 0 by id.

        Args:
            images: the folder with the images.
            annotations: the JSON file, such as instances_val2017.json; boxes of crowds are marked as difficult.
            sc, min_partitions, resize_height, resize_width, image_codec, policy, max_pixels: as in `read`.

        Raises `DataError` naming the file that is no COCO annotation, and images that are missing.
        """
        from zoo_lab.feature.image.coco import Coco
        from zoo_lab.feature.image.imageset_reading import Options, read_annotated

        options = Options(min_partitions, resize_height, resize_width, image_codec, policy, max_pixels)
        return read_annotated(Coco(images, annotations), sc, options)

    @classmethod
    def read_tfrecord(
        cls,
        path: PathLike | Sequence[PathLike],
        sc: Any = None,
        *,
        image_key: str = "image/encoded",
        label_key: str | None = "image/class/label",
        min_partitions: int | None = None,
        resize_height: int = -1,
        resize_width: int = -1,
        image_codec: int = -1,
        policy: str = "raise",
        max_pixels: int = MAX_PIXELS,
    ) -> ImageSet:
        """Return the images in TFRecord files of `tf.train.Example`s, with labels as they are stored.

        Args:
            path: files, folders or globs, as in `read`.
            image_key: feature with the encoded image.
            label_key: feature with the label, a number; None for no labels.
            sc, min_partitions, resize_height, resize_width, image_codec, policy, max_pixels: as in `read`. A
                distributed set reads each TFRecord file as a whole, so these must fit into a task's memory.

        Raises `DataError` naming the file that is no TFRecord, or is cut off.
        """
        from zoo_lab.feature.image.imageset_reading import Options, read_tfrecord
        from zoo_lab.feature.image.tfrecord import Keys

        options = Options(min_partitions, resize_height, resize_width, image_codec, policy, max_pixels)
        return read_tfrecord(path, sc, options, Keys(image_key, label_key))

    @classmethod
    def read_parquet(
        cls,
        path: PathLike,
        sc: Any = None,
        *,
        resize_height: int = -1,
        resize_width: int = -1,
        image_codec: int = -1,
        policy: str = "raise",
        max_pixels: int = MAX_PIXELS,
    ) -> ImageSet:
        """Return the images that `write_parquet` wrote; the arguments are those of `read`."""
        from zoo_lab.feature.image.imageset_reading import Options
        from zoo_lab.feature.image.parquet import read_parquet

        options = Options(None, resize_height, resize_width, image_codec, policy, max_pixels)
        return read_parquet(path, sc, options)

    @classmethod
    def read_volumes(
        cls,
        path: PathLike | Sequence[PathLike],
        sc: Any = None,
        *,
        key: str | None = None,
        with_label: bool = False,
        one_based_label: bool = False,
        policy: str = "raise",
    ) -> ImageSet:
        """Return the volumes in NIfTI, MATLAB and NumPy files, each as the tensor (depth, height, width, channels).

        Args:
            path: files, folders or globs of this machine; the workers of a distributed set must see them too.
            key: name of the variable in MATLAB files.
            sc, with_label, one_based_label, policy: as in `read`.
        """
        from zoo_lab.feature.image.imageset_reading import read_volumes

        labels = {"with_label": with_label, "one_based_label": one_based_label}
        return read_volumes(path, sc, key, policy, **labels)

    @classmethod
    def read_sequence_files(
        cls,
        path: PathLike | Sequence[PathLike],
        sc: Any,
        layout: str = "labels",
        *,
        one_based_label: bool = True,
        image_codec: int = -1,
        policy: str = "raise",
        max_pixels: int = MAX_PIXELS,
    ) -> ImageSet:
        """Return the images in Hadoop sequence files, as the predecessor wrote ImageNet and PASCAL VOC.

        Args:
            path: files, folders or globs on any file system that Spark reads.
            sc: an NNContext, SparkContext or SparkSession.
            layout: "labels" for raw pixels with a label, as `BGRImgToLocalSeqFile` and ImageNetSeqFileGenerator write
                them; "boxes" for image files with classes, difficult marks and boxes, as `RoiByteImageToSeq` and
                RoiImageSeqGenerator do.
            one_based_label: whether labels and classes in the files count from 1, as the predecessor's do; they count
                from 0 here.
            image_codec, policy, max_pixels: as in `read`; a record of another layout is a bad image.

        Raises `ArgumentError` for another layout, `DataError` where there are no files.

        Source: `SeqFileFolder.files_to_image_frame` of BigDL, and `RoiRecordToFeature` of Analytics Zoo.
        """
        from zoo_lab.feature.image.imageset_reading import Options
        from zoo_lab.feature.image.sequencefiles import read_sequence_files

        options = Options(image_codec=image_codec, policy=policy, max_pixels=max_pixels)
        return read_sequence_files(path, sc, layout, one_based_label, options)

    @abstractmethod
    def write_sequence_files(self, output: PathLike, layout: str = "labels") -> None:
        """Write the images to a new folder of Hadoop sequence files, which the predecessor reads too.

        Args:
            output: a folder that does not exist, on any file system that Spark writes.
            layout: as in `read_sequence_files`. Labels and classes count from 1 in the files.

        A local set is written by the current context. Raises `ArgumentError` for another layout, `DataError` for a
        picture that the layout cannot hold: "labels" takes 8 bits, 3 channels and one whole number from 0 as label.
        """
