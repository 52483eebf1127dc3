"""Turns whatever a user hands to fit or evaluate into a FeatureSet."""

from __future__ import annotations

from typing import Any

from zoo_lab.core.errors import ArgumentError
from zoo_lab.feature.featureset import FeatureSet
from zoo_lab.feature.preprocessing import Collection


def as_feature_set(data: Any, context: Any, feature_cols: Any = None, label_cols: Any = None) -> FeatureSet | None:
    """Return `data` as a FeatureSet; None stays None. Accepted are those named in `zoo_lab.fit`."""
    if data is None or isinstance(data, FeatureSet):
        return data
    if isinstance(data, (tuple, list)):
        return _from_arrays(data, context)
    if isinstance(data, Collection):
        return FeatureSet.from_image_set(data, context=context)
    from pyspark import RDD
    from pyspark.sql import DataFrame

    if isinstance(data, DataFrame):
        _expect_columns(feature_cols)
        return FeatureSet.from_dataframe(data, feature_cols, label_cols)
    if isinstance(data, RDD):
        return FeatureSet.from_rdd(data, context=context)
    msg = f"Expected a FeatureSet, DataFrame, RDD, ImageSet or (x, y) arrays; received {type(data).__name__}."
    raise ArgumentError(msg)


def as_readable(
    data: Any, context: Any, feature_cols: Any = None, label_cols: Any = None, lenient: bool = True
) -> tuple[FeatureSet, list[str]]:
    """Return `data` as a FeatureSet; if `lenient` without rows of a DataFrame that cannot be read, and why they cannot.

    Arrays hold no such rows; what is wrong with a record of an RDD or an image of a set is raised or told as in `fit`.
    """
    from pyspark.sql import DataFrame

    if not (lenient and isinstance(data, DataFrame)):
        return as_feature_set(data, context, feature_cols, label_cols), []
    from zoo_lab.feature.sources import pin_dataframe

    _expect_columns(feature_cols)
    store, structure = pin_dataframe(data, feature_cols, label_cols, lenient=True)
    return FeatureSet(store, structure), [reason for handle in store.handles for reason in handle.note]


def _expect_columns(feature_cols: Any) -> None:
    if feature_cols is None:
        msg = "Expected feature_cols (and label_cols) with a DataFrame; received none. Name the columns to train on."
        raise ArgumentError(msg)


def _from_arrays(data: Any, context: Any) -> FeatureSet:
    if len(data) not in (2, 3):
        msg = f"Expected (x, y) or (x, y, sample_weight); received {len(data)} values. Put several inputs into a dict."
        raise ArgumentError(msg)
    x, y, *weight = data
    return FeatureSet.from_numpy(x, y, sample_weight=weight[0] if weight else None, context=context)
