"""Volumes: read from NIfTI, MATLAB and NumPy files.

volumes reads them · sampling reads between their voxels.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "read_volume": "zoo_lab.feature.image3d.volumes",
    },
)
