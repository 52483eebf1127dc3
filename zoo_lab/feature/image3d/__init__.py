"""Volumes: read from NIfTI, MATLAB and NumPy files, and the steps that cut and move them.

volumes reads them · base is what a step over them is · crops cut · warps move · sampling reads between voxels.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "AffineTransform3D": "zoo_lab.feature.image3d.warps",
        "CenterCrop3D": "zoo_lab.feature.image3d.crops",
        "Crop3D": "zoo_lab.feature.image3d.crops",
        "ImagePreprocessing3D": "zoo_lab.feature.image3d.base",
        "RandomCrop3D": "zoo_lab.feature.image3d.crops",
        "Rotate3D": "zoo_lab.feature.image3d.warps",
        "Warp3D": "zoo_lab.feature.image3d.warps",
        "read_volume": "zoo_lab.feature.image3d.volumes",
    },
)
