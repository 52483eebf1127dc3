"""Looks the Java classes that each iteration calls up once, where Py4J would ask Java for them anew each time."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark import SparkContext

_PACKAGE = "org.apache.spark.api.python"
CLASSES = (
    f"{_PACKAGE}.PairwiseRDD",
    f"{_PACKAGE}.PythonPartitioner",
    f"{_PACKAGE}.PythonRDD",
    f"{_PACKAGE}.PythonUtils",
    f"{_PACKAGE}.SimplePythonFunction",
    "org.apache.spark.serializer.KryoSerializer",
)


def remember_classes(context: SparkContext) -> None:
    """Keep `CLASSES` under their last names as attributes of PySpark's view of the JVM, where PySpark finds them.

    For a name like `PythonRDD` Java searches all of its jars in each of the packages that PySpark has imported, for a
    qualified one once for each part of it: together 5 ms of an iteration of `sliced`.
    """
    view = context._jvm
    for name in CLASSES:
        short = name.rpartition(".")[2]
        if short not in vars(view):
            setattr(view, short, reduce(getattr, name.split("."), view))
