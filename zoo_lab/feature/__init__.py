"""Data on its way to the model: pinned for training, and turned into what a model takes.

featureset pins arrays, DataFrames, RDDs and Parquet · preprocessing are steps over single values, and their chains ·
rowchain makes rows anew whenever they are read.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "BatchPreprocessing": "zoo_lab.feature.preprocessing",
        "ChainedPreprocessing": "zoo_lab.feature.preprocessing",
        "FeatureSet": "zoo_lab.feature.featureset",
        "Preprocessing": "zoo_lab.feature.preprocessing",
        "Scale": "zoo_lab.feature.preprocessing",
        "SeqToTensor": "zoo_lab.feature.preprocessing",
        "preprocess": "zoo_lab.feature.preprocessing",
    },
)
