"""Prediction on data that lives in Spark.

api decides by the kind of data · pinned runs on FeatureSets, frames inside DataFrames, records on RDDs, images on sets
of images · modelcopy is the model on the workers · results turns its outputs into columns.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"predict": "zoo_lab.infer.api"})
