"""Deep learning as Spark ML knows it: Estimators and Models over DataFrames.

params, trainingparams are the settings, kept as plain values (plain, converters) · estimator, classifier train with
`zoo_lab.fit` (training) · model, classifiermodel predict with `zoo_lab.predict` · persistence saves and loads them ·
criteria, metrics, optimizers, ending say what the predecessor's names mean · imagereader reads images.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "FeatureLabelPreprocessing": "zoo_lab.nnframes.preprocessings",
        "NNClassifier": "zoo_lab.nnframes.classifier",
        "NNClassifierModel": "zoo_lab.nnframes.classifiermodel",
        "NNEstimator": "zoo_lab.nnframes.estimator",
        "NNImageReader": "zoo_lab.nnframes.imagereader",
        "NNModel": "zoo_lab.nnframes.model",
        "with_origin_column": "zoo_lab.nnframes.imagereader",
    },
)
