"""Keras layers for what foreign formats compute and Keras has no layer for; channels last, all serializable.

Importing this package registers them, so that saved models that use them load.
"""

from zoo_lab.net.layers import detection, elementwise, normalization, pooling, shaping, transposed

__all__ = ["detection", "elementwise", "normalization", "pooling", "shaping", "transposed"]
