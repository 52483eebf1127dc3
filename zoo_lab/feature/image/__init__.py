"""Images: one image, sets of them, and the steps that turn them into what a model takes.

feature is one image · base is what a step is · boxes follow through movement · draws makes chance repeatable.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Boxes": "zoo_lab.feature.image.boxes",
        "ChainedPreprocessing": "zoo_lab.feature.preprocessing",
        "Draw": "zoo_lab.feature.image.draws",
        "ImageCollection": "zoo_lab.feature.image.base",
        "ImageFeature": "zoo_lab.feature.image.feature",
        "ImagePreprocessing": "zoo_lab.feature.image.base",
    },
)
