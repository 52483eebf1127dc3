"""`Net`: loads a model of any known format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo_lab.net.graphnet import GraphNet


class Net:
    """Loads models that other programs wrote; what comes back is a Keras model."""

    @staticmethod
    def load_keras(
        path: str | Path | None = None,
        *,
        json_path: str | Path | None = None,
        hdf5_path: str | Path | None = None,
        by_name: bool = False,
        custom_objects: Mapping[str, Any] | None = None,
    ) -> GraphNet:
        """Load a model that Keras saved, of version 2 or 3; it is not compiled.

        No code of the file is run: Lambda layers are refused, and so are classes that are not given here.

        Args:
            path: a .keras file, or an HDF5 file (.h5, .hdf5) with a whole model.
            json_path: the architecture as JSON, together with `hdf5_path`.
            hdf5_path: the weights for `json_path`; alone the same as `path`.
            by_name: give weights only to the layers whose names are in the file; with `json_path` only.
            custom_objects: name → class or function that the model uses beside Keras' own.

        Raises:
            ArgumentError: lists every wrong argument.
            DataError: the file is none of these formats, or is damaged.
            ModelError: the model holds code, unknown classes, or no graph of layers.

        Source: `Net.load_keras` of Analytics Zoo.

        Example:
            >>> net = Net.load_keras("lenet.keras")                                        # doctest: +SKIP
            >>> net = Net.load_keras(json_path="lenet.json", hdf5_path="weights.h5")       # doctest: +SKIP
        """
        from zoo_lab.net import keras_file
        from zoo_lab.net.graphnet import GraphNet

        model = keras_file.load(
            path, json_path=json_path, hdf5_path=hdf5_path, by_name=by_name, custom_objects=custom_objects
        )
        return GraphNet.of(model)

    @staticmethod
    def load_caffe(
        def_path: str | Path,
        model_path: str | Path,
        *,
        input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
    ) -> GraphNet:
        """Load a Caffe network with its weights, as it is when tested; it can be trained on.

        Inputs and outputs are shaped as in Caffe, images (rows, channels, height, width); inside, layers keep channels
        last. Layers have Caffe's names, with `_` for `/`. Losses are left out: what went into them is an output.

        Args:
            def_path: the network, a .prototxt, also of the older kind with `layers`.
            model_path: its weights, a .caffemodel.
            input_shape: shape without rows, or input's name → shape; for networks that read a database, which do not
                tell it, or to compute on images of another size.

        Raises:
            ArgumentError: lists every wrong argument.
            DataError: a file is not what it should be or is damaged, or the weights are those of another network.
            ModelError: lists all layers, or parameters of layers, that cannot be computed here.

        Source: `Net.load_caffe` of Analytics Zoo.

        Example:
            >>> net = Net.load_caffe("deploy.prototxt", "googlenet.caffemodel")            # doctest: +SKIP
            >>> features = net.new_graph(["pool5/7x7_s1"])                                 # doctest: +SKIP
        """
        from zoo_lab.net.caffe import load_file
        from zoo_lab.net.graphnet import GraphNet

        return GraphNet.of(load_file.load(def_path, model_path, input_shape=input_shape))

    @staticmethod
    def load_bigdl(
        model_path: str | Path,
        weight_path: str | Path | None = None,
        *,
        input_shape: Sequence[int] | Sequence[Sequence[int]] | None = None,
    ) -> GraphNet:
        """Load a model that BigDL or Analytics Zoo saved with `saveModule` (`save_model`); it can be trained on.

        Inputs and outputs are shaped as in BigDL, images (rows, channels, height, width); inside, layers keep channels
        last. Models saved by Java's own serialization are refused.

        Args:
            model_path: the model.
            weight_path: its weights, where they were saved into a file of their own.
            input_shape: shape without rows, or a list of them for several inputs; for models that do not tell it.

        Raises:
            ArgumentError: lists every wrong argument.
            DataError: a file is not what it should be or is damaged, or the weights do not fit.
            ModelError: lists all modules that cannot be computed here; or the model does not tell its input's shape.

        Source: `Net.load_bigdl` of Analytics Zoo.

        Example:
            >>> net = Net.load_bigdl("lenet.model")                                        # doctest: +SKIP
        """
        from zoo_lab.net.bigdl import load_file
        from zoo_lab.net.graphnet import GraphNet

        return GraphNet.of(load_file.load(model_path, weight_path, input_shape=input_shape))

    @staticmethod
    def load_onnx(path: str | Path) -> GraphNet:
        """Load a model in the format ONNX, of opset 7 to 21; it is not compiled.

        Operators become Keras' own layers where these do the same, else `OnnxOperation`s. What Conv, Gemm, MatMul,
        BatchNormalization and their kind take from the file is trained, other constants are not. Inputs and outputs
        are as the file has them (channels first), with any number of rows.

        Args:
            path: the file; values that it keeps in other files must lie in the same folder.

        Raises:
            ArgumentError: there is no such file.
            DataError: the file is no ONNX, or is damaged.
            ModelError: lists every operator that is not supported.
            MissingExtraError: it needs `pip install 'zoo-lab[onnx]'`.

        Source: `OnnxLoader` of Analytics Zoo.

        Example:
            >>> net = Net.load_onnx("resnet50.onnx")                                       # doctest: +SKIP
        """
        from zoo_lab.net import onnx
        from zoo_lab.net.graphnet import GraphNet

        return GraphNet.of(onnx.load(path))

    @staticmethod
    def load_torch(path: str | Path, *, input_shape: Sequence[int | None] | None = None) -> GraphNet:
        """Load a net that Torch7 saved (.t7), binary or ASCII; it is not compiled.

        The modules of nn become Keras layers; functions in the file are refused. Checkpoints of PyTorch (.pt, .pth)
        are another format: export those with `torch.onnx.export` and take `load_onnx`.

        Args:
            path: the file.
            input_shape: of a row, as Torch has it: (channels, height, width), with None for lengths left open. Default
                what the first convolution, Linear or LookupTable tells.

        Raises:
            ArgumentError: lists every wrong argument.
            DataError: the file is none of Torch7, is damaged, or holds functions.
            ModelError: lists every module that is not supported, or asks for `input_shape`.

        Source: `Net.load_torch` of Analytics Zoo.

        Example:
            >>> net = Net.load_torch("alexnet.t7", input_shape=(3, 224, 224))              # doctest: +SKIP
        """
        from zoo_lab.net import torch7
        from zoo_lab.net.graphnet import GraphNet

        return GraphNet.of(torch7.load(path, input_shape=input_shape))
