"""A small web service for one model: what `zoo-lab serve` runs.

wire reads and writes bodies · batcher lets waiting requests share a call of the model · app answers requests ·
gate lets in who may · patience closes connections that are too slow · metrics counts · run binds and starts.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "ServiceError": "zoo_lab.serving.errors",
        "Settings": "zoo_lab.serving.settings",
        "build_app": "zoo_lab.serving.app",
        "serve": "zoo_lab.serving.run",
    },
)
