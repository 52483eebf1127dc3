"""Deep learning as Spark ML knows it: Estimators and Models over DataFrames.

params are the settings that both share · estimator trains with `zoo_lab.fit` · model predicts with `zoo_lab.predict`.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "NNEstimator": "zoo_lab.nnframes.estimator",
        "NNModel": "zoo_lab.nnframes.model",
    },
)
