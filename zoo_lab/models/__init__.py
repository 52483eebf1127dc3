"""Ready models: each is a recipe of layers, features and defaults, and a Keras model like any other.

recommendation learns from pairs of users and items.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"NeuralCF": "zoo_lab.models.recommendation.neural_cf"})
