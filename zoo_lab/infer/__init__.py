"""Prediction on data that lives in Spark, and of loaded models in threads, SQL, streams and files for servers.

api decides by the kind of data · pinned runs on FeatureSets, frames inside DataFrames, records on RDDs, images on sets
of images · modelcopy is the model on the workers · results turns its outputs into columns · attempts finds the rows
that fail.
InferenceModel holds one model: programs and savedmodel are what it can be, registering and udf make a function of SQL
of it, export writes it.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "InferenceModel": "zoo_lab.infer.inference_model",
        "Latency": "zoo_lab.infer.latency",
        "predict": "zoo_lab.infer.api",
    },
)
