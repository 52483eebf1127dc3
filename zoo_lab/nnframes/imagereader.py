"""NNImageReader: image files as a DataFrame with Spark's own image struct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.image.imageset import ImageSet
from zoo_lab.feature.image.reading import MAX_PIXELS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_INVALID = "named_struct('origin', uri, 'height', -1, 'width', -1, 'nChannels', -1, 'mode', -1, 'data', X'')"


class NNImageReader:
    """Reads image files into DataFrames."""

    @staticmethod
    def readImages(  # noqa: N802 - the predecessor's name
        path: Any,
        sc: Any = None,
        minPartitions: int | None = None,  # noqa: N803
        resizeH: int = -1,  # noqa: N803
        resizeW: int = -1,  # noqa: N803
        image_codec: int = -1,
        *,
        policy: str = "raise",
        recursive: bool = True,
        extensions: Sequence[str] | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> DataFrame:
        """Return a DataFrame of the images in a place, one struct column `image`, read when it is used.

        The struct is that of Spark's image source: origin, height, width, nChannels, mode (OpenCV's type; 16 is three
        channels of 8 bits) and data (row by row; channels B, G, R).

        Args:
            path: a file, a folder, a glob or a list of these, on any file system that Spark reads.
            sc: an NNContext, SparkContext or SparkSession; None for the current context.
            minPartitions: at least so many partitions, where there are as many files; None leaves it to Spark.
            resizeH, resizeW: size in pixels that each image is brought to (linear); -1 keeps its own.
            image_codec: -1 channels as they are in the file, 0 gray, 1 B, G, R.
            policy: for a file that is empty, cut off, damaged or no image: "raise" names it in an error, "skip" leaves
                it out, "mark" keeps it with the reason in a column `problem` and Spark's mark of an invalid image,
                sizes of -1.
            recursive: whether folders within folders are read too.
            extensions: endings of the files to take from folders; None for those of images.
            max_pixels: height × width beyond which a file is not decoded but told as bad.

        Raises `ArgumentError` listing the wrong arguments, `DataError` where there are no images.

        Source: `NNImageReader.readImages` of Analytics Zoo.

        Example:
            >>> df = NNImageReader.readImages("animals", context, resizeH=64, resizeW=64)     # doctest: +SKIP
        """
        from zoo_lab.context.nncontext import as_context

        images = ImageSet.read(
            path,
            as_context(sc),
            minPartitions,
            resizeH,
            resizeW,
            image_codec,
            policy=policy,
            recursive=recursive,
            max_pixels=max_pixels,
            **({} if extensions is None else {"extensions": extensions}),
        )
        frame = images.to_dataframe()
        if policy != "mark":
            return frame.select("image")
        return frame.selectExpr(f"if(problem is null, image, {_INVALID}) as image", "problem")


def with_origin_column(dataset: DataFrame, imageColumn: str = "image", originColumn: str = "origin") -> DataFrame:  # noqa: N803
    """Return a DataFrame with one more column: where each image came from.

    Args:
        dataset: with a column of Spark's image struct.
        imageColumn: that column.
        originColumn: name of the new column.

    Raises `ArgumentError` where there is no such column.

    Source: `with_origin_column` of Analytics Zoo.

    Example:
        >>> with_origin_column(df).select("origin").show()     # doctest: +SKIP
    """
    fields = {field.name: field.dataType for field in dataset.schema}
    known = fields[imageColumn].simpleString() if imageColumn in fields else "no such column"
    if "origin:string" not in known:
        msg = f"with_origin_column: expected an image column {imageColumn!r}; received {known}."
        raise ArgumentError(msg)
    return dataset.withColumn(originColumn, dataset[f"`{imageColumn}`"]["origin"])
