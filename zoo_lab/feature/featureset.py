"""FeatureSet: the rows a model is trained on, pinned as memory-mapped shards where the workers are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_lab.context.shards import ShardStore, pin_arrays
from zoo_lab.core.checks import Checks
from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.arrays import as_field, lists_as_arrays
from zoo_lab.feature.preprocessing import BatchPreprocessing, Collection, Preprocessing
from zoo_lab.feature.structure import Nest, Structure, leaves, name_leaves

if TYPE_CHECKING:
    from pyspark import RDD
    from pyspark.sql import DataFrame

    from zoo_lab.context.nncontext import NNContext
    from zoo_lab.context.shardfile import FieldSpec
    from zoo_lab.feature.rowchain import Chain, RowChain


class FeatureSet:
    """Rows of inputs, targets and sample weights in pinned shards on the Spark workers.

    Make one with `from_numpy`, `from_dataframe`, `from_rdd`, `from_parquet` or `from_image_set`; it can be used in any
    number of runs and is released with `unpersist()` or with its context.

    Example:
        >>> train = FeatureSet.from_numpy(x, y)          # doctest: +SKIP
        >>> zoo_lab.fit(model, train, batch_size=128)    # doctest: +SKIP
    """

    def __init__(self, store: ShardStore, structure: Structure, chain: Chain | None = None) -> None:
        self.store = store
        self.stored = structure
        self.chain = chain

    @classmethod
    def from_numpy(
        cls,
        x: Nest,
        y: Nest = None,
        *,
        sample_weight: Nest = None,
        context: NNContext | None = None,
        partitions: int | None = None,
    ) -> FeatureSet:
        """Pin arrays of the driver.

        Args:
            x: an array of shape (rows, …), or a list or dict of such arrays for a model with several inputs;
                a list of numbers or strings is one array.
            y: targets in the same forms, or None for data that is only predicted on.
            sample_weight: one weight a row, shape (rows,), or one per output.
            context: where to pin; the current context by default.
            partitions: number of shards, default one for each worker slot.

        float64 becomes float32, as Keras does. Raises `ArgumentError` listing every array that is wrong.
        """
        from zoo_lab.context.nncontext import as_context

        context = as_context(context)
        x, y, sample_weight = map(lists_as_arrays, (x, y, sample_weight))
        structure = Structure(name_leaves("x", x), name_leaves("y", y), name_leaves("w", sample_weight))
        values = [*leaves(x), *leaves(y), *leaves(sample_weight)]
        arrays = _checked_arrays(dict(zip(structure.fields(), values, strict=True)), partitions)
        return cls(pin_arrays(context, arrays, partitions or context.slots), structure)

    @classmethod
    def from_dataframe(
        cls,
        df: DataFrame,
        feature_cols: Nest,
        label_cols: Nest = None,
        *,
        weight_col: str | None = None,
        preprocessing: Nest = None,
        label_preprocessing: Nest = None,
    ) -> FeatureSet:
        """Pin columns of a Spark DataFrame; they travel once, as Arrow batches.

        Args:
            df: numbers, booleans, arrays, vectors, images (Spark's image struct) and strings are accepted.
            feature_cols: a column name; a list of scalar columns, stacked to shape (rows, k); a list with an
                array, vector or image column, one input each; or a dict of input name → column or list.
            label_cols: the same forms for the targets, or None.
            weight_col: a column with one weight a row.
            preprocessing: a step or chain for each row of the features, run once, before they are pinned: an image
                comes as `ImageFeature` (to `RowToImageFeature` as its row), a file in a binary column as bytes,
                everything else as an array. For several inputs a list or dict of steps like that of the columns; a
                list of steps for one column makes several inputs of it.
            label_preprocessing: likewise, for the labels.

        Doubles and decimals become float32, integers keep their type; vectors may be sparse; NaN is a value. Where
        workers do not see the driver's files, fewer partitions than worker slots are spread over all of them.

        Raises `ArgumentError` listing every column that is missing or of another type, `DataError` naming the column,
        the row and the repair for nulls and ragged rows.

        Example:
            >>> FeatureSet.from_dataframe(df, ["age", "height"], "label")                        # doctest: +SKIP
            >>> FeatureSet.from_dataframe(df, {"user": "user_id", "photo": "image"}, "label")    # doctest: +SKIP
        """
        from zoo_lab.feature.sources import pin_dataframe

        return cls(*pin_dataframe(df, feature_cols, label_cols, weight_col, preprocessing, label_preprocessing))

    @classmethod
    def from_parquet(
        cls,
        path: str,
        feature_cols: Nest,
        label_cols: Nest = None,
        *,
        weight_col: str | None = None,
        context: NNContext | None = None,
    ) -> FeatureSet:
        """Pin columns of Parquet files on any path that Spark reads (see `from_dataframe`)."""
        from zoo_lab.context.nncontext import as_context

        df = as_context(context).spark.read.parquet(path)
        return cls.from_dataframe(df, feature_cols, label_cols, weight_col=weight_col)

    @classmethod
    def from_rdd(cls, rdd: RDD, *, context: NNContext | None = None) -> FeatureSet:
        """Pin an RDD of (x, y) or (x, y, sample_weight) tuples, or of x alone.

        Args:
            rdd: each value is a number, an array, a list of numbers or an ML vector; for several inputs or outputs
                a dict of such values, or a list with an array, a dict or a string in it. Inputs may be strings.
            context: where to pin; the RDD's own context by default.

        The first record of a partition says how its records nest and which types and shapes they have (float64 becomes
        float32). Raises `DataError` naming the value, the row and the repair for a record that differs.

        Example:
            >>> FeatureSet.from_rdd(sc.parallelize([(numpy.zeros(4), 0)]))    # doctest: +SKIP
        """
        from zoo_lab.feature.sources import pin_rdd

        return cls(*pin_rdd(rdd, context))

    @classmethod
    def from_image_set(
        cls,
        image_set: Any,
        *,
        augment: Preprocessing | None = None,
        keep: str = "auto",
        context: NNContext | None = None,
    ) -> FeatureSet:
        """Pin the images of an `ImageSet`: x is the tensor, or else the picture, y the label if there is one.

        What the set's chain does before its first random step is done once; that step and all behind it run whenever
        rows are read, in training with new numbers in each epoch. A chain without chance runs only once.

        Args:
            image_set: its chain runs on the workers.
            augment: a step or chain that runs whenever rows are read, after the set's own chain.
            keep: what is pinned of images whose chain runs again: "files" their encoded files, "pictures" the pixels
                that the steps before the first random one make; "auto" files if those steps only decode.
            context: where a local set goes; the current context by default.

        Raises `DataError` naming an image that cannot be read or has another shape than the first.

        Example:
            >>> FeatureSet.from_image_set(ImageSet.read("animals", sc, with_label=True))    # doctest: +SKIP
            >>> FeatureSet.from_image_set(images, augment=ImageRandomCrop(224, 224))        # doctest: +SKIP
        """
        if not isinstance(image_set, Collection):
            msg = f"FeatureSet.from_image_set: expected an ImageSet; received {type(image_set).__name__}."
            raise ArgumentError(msg)
        return image_set.to_feature_set(context, augment=augment, keep=keep)

    def transform(self, step: Preprocessing | BatchPreprocessing) -> FeatureSet:
        """Return a FeatureSet over the same shards whose rows go through one more step whenever they are read.

        The workers prepare the next batch while the current one is exchanged. Random steps draw by the seed of the
        run, the epoch and the row: by the uri of an image, or else by its pixels.

        Args:
            step: a step or chain over the input, of which there must be one; or `MixUp` or `CutMix` as the last step:
                they mix the whole batch where workers share a host, elsewhere each worker's part of it.

        Raises `ArgumentError` for what is no step, or where there are several inputs.

        Source: `FeatureSet.transform` of Analytics Zoo, which changes the set itself.

        Example:
            >>> zoo_lab.fit(model, FeatureSet.from_numpy(x, y).transform(ImageHFlip()))    # doctest: +SKIP
        """
        from zoo_lab.feature.arrayrows import ArrayRows
        from zoo_lab.feature.rowchain import Chain

        checks = Checks("FeatureSet.transform")
        is_step = isinstance(step, (Preprocessing, BatchPreprocessing))
        checks.require(is_step, f"Expected a step or a chain (a Preprocessing); received {type(step).__name__}.")
        one = self.chain is not None or isinstance(self.stored.x, str)
        checks.require(one, f"Expected one input; received {len(leaves(self.stored.x))}. Transform them before.")
        checks.done()
        chain = self.chain or Chain(ArrayRows(self.stored))
        return FeatureSet(self.store, self.stored, chain.then(step))

    @cached_property
    def row_chain(self) -> RowChain | None:
        """The chain with the form of what it makes of the first row; None without a chain."""
        from zoo_lab.feature.rowchain import RowChain

        return None if self.chain is None else RowChain.learnt(self.chain, self.store.head(1))

    @cached_property
    def shipped_chain(self) -> bytes:
        """The `row_chain` as workers get it, with the code of a notebook's own steps; empty without a chain.

        Made once: workers know by it what they have made ready.
        """
        from pyspark import cloudpickle

        return b"" if self.row_chain is None else cloudpickle.dumps(self.row_chain)

    @property
    def structure(self) -> Structure:
        """How fields make up the model's inputs, targets and sample weights."""
        return self.stored if self.row_chain is None else self.row_chain.structure

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """Name, type and row shape of each field, as the model takes it."""
        return self.store.fields if self.row_chain is None else self.row_chain.fields

    def first(self, count: int) -> dict[str, np.ndarray]:
        """Return the fields of the first rows, as a model that is not trained takes them."""
        stored, chain = self.store.head(count), self.row_chain
        if chain is None:
            return stored
        return chain.whole(stored, 0, chain.chain.at_rest())

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.store.rows

    @property
    def context(self) -> NNContext:
        """The context whose workers hold the shards."""
        return self.store.context

    def __len__(self) -> int:
        return self.rows

    def head(self, count: int = 5) -> tuple[Any, Any, Any]:
        """Return the first rows as (x, y, sample_weight) arrays in the model's structure."""
        from zoo_lab.feature.structure import map_leaves

        arrays = self.first(count)
        take = arrays.__getitem__
        structure = self.structure
        return map_leaves(take, structure.x), map_leaves(take, structure.y), map_leaves(take, structure.weight)

    def unpersist(self) -> None:
        """Release the shards, also those of every FeatureSet that `transform` made of this one."""
        self.store.unpersist()

    def __repr__(self) -> str:
        fields = ", ".join(f"{spec.name}: {spec.type_name}{list(spec.shape)}" for spec in self.store.fields)
        chain = "" if self.chain is None else self.chain.told()
        return f"FeatureSet({self.rows:,} rows in {len(self.store.handles)} shards; {fields}{chain})"


def _checked_arrays(values: dict[str, Any], partitions: int | None) -> dict[str, np.ndarray]:
    checks = Checks("FeatureSet.from_numpy")
    if partitions is not None:
        checks.positive_int("partitions", partitions)
    arrays: dict[str, np.ndarray] = {}
    for name, value in values.items():
        try:
            arrays[name] = as_field(name, value)
        except ValueError as error:
            checks.fail(str(error))
            continue
        usable = name.startswith("x") or arrays[name].dtype.kind not in "OUS"
        checks.require(usable, f"{name}: expected numbers; received strings. Number the classes from 0 first.")
    lengths = {name: len(array) for name, array in arrays.items()}
    checks.require(len(set(lengths.values())) <= 1, f"Expected the same number of rows everywhere; received {lengths}.")
    checks.require(0 not in lengths.values(), f"Expected at least one row; received {lengths}.")
    checks.done()
    return arrays
