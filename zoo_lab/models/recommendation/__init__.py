"""Models that learn which items users like."""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"NeuralCF": "zoo_lab.models.recommendation.neural_cf"})
