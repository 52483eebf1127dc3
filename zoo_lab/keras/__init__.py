"""What Keras 3 lacks; nothing of Keras 3 is wrapped or renamed.

graph cuts and freezes models · shipping and layerstate take a model to the workers.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "freeze_up_to": "zoo_lab.keras.graph",
        "new_graph": "zoo_lab.keras.graph",
        "unfreeze": "zoo_lab.keras.graph",
    },
)
