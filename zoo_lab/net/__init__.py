"""Models from elsewhere: one module per format, each with a function `load` that returns a Keras model.

keras_file reads what Keras 1 to 3 wrote; architecture checks it before it is built · onnx reads ONNX · torch7 reads
Torch7, through torch_file · layout turns axes · graphnet is what all become.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "GraphNet": "zoo_lab.net.graphnet",
        "Net": "zoo_lab.net.net",
        "torch_values": "zoo_lab.net.torch_file",
    },
)
