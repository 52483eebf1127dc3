"""Layers of Caffe with several inputs or outputs, those of SSD, and the ways in which files tell a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.net import caffe_numpy as reference
from tests.net.battery import assert_close, check_outputs
from tests.net.test_caffe_layers import write
from tests.net.wire import caffe_model
from zoo_lab.core.errors import ArgumentError, ModelError
from zoo_lab.net import Net

RANDOM = np.random.default_rng(6)
A, B = (RANDOM.normal(size=(2, 3, 4, 5)).astype(np.float32) for _ in "ab")
TWO = "".join(f'input: "{name}" input_shape {{ dim: 2 dim: 3 dim: 4 dim: 5 }}\n' for name in "ab")
KERNEL = RANDOM.normal(size=(3, 3, 1, 1)).astype(np.float32)
CONV = (
    'layer { name: "c" type: "Convolution" bottom: "a" top: "c" '
    "convolution_param { num_output: 3 kernel_size: 1 bias_term: false } }\n"
)
C = reference.conv(A, KERNEL)


@pytest.mark.parametrize(
    "kind, param, expected",
    [
        ("Concat", "", np.concatenate([C, B], 1)),
        ("Concat", "concat_param { axis: -2 }", np.concatenate([C, B], 2)),
        ("Concat", "concat_param { concat_dim: 3 }", np.concatenate([C, B], 3)),
        ("Eltwise", "", C + B),
        ("Eltwise", "eltwise_param { operation: PROD }", C * B),
        ("Eltwise", "eltwise_param { operation: MAX }", np.maximum(C, B)),
        ("Eltwise", "eltwise_param { coeff: 0.5 coeff: -2 }", 0.5 * C - 2 * B),
        ("Scale", "scale_param { axis: 0 }", C * B),
        ("Bias", "bias_param { axis: 0 }", C + B),
    ],
)
def test_two_blobs_become_one(kind: str, param: str, expected: Any, tmp_path: Path) -> None:
    if kind in ("Scale", "Bias"):
        wide = f'layer {{ name: "wide" type: "{kind}" bottom: "c" bottom: "mean" top: "y" {param} }}'
        mean = 'layer { name: "mean" type: "Pooling" bottom: "b" top: "mean" pooling_param { global_pooling: true } }\n'
        layers = CONV + mean + wide
        peak = B.max((2, 3), keepdims=True)
        expected = C * peak if kind == "Scale" else C + peak
    else:
        layers = CONV + f'layer {{ name: "one" type: "{kind}" bottom: "c" bottom: "b" top: "y" {param} }}'
    files = write(tmp_path, layers, {"c": [KERNEL]}, TWO)
    check_outputs(Net.load_caffe(*files), [A, B], expected, tmp_path)


def test_a_blob_is_split_and_cut_and_ends_are_outputs_in_the_files_order(tmp_path: Path) -> None:
    layers = CONV + (
        'layer { name: "s" type: "Split" bottom: "c" top: "s1" top: "s2" }\n'
        'layer { name: "p" type: "Slice" bottom: "s2" top: "p1" top: "p2" slice_param { slice_point: 1 } }\n'
        'layer { name: "q" type: "Slice" bottom: "s1" top: "q1" top: "q2" slice_param { axis: 2 } }\n'
        'layer { name: "r" type: "ReLU" bottom: "q2" top: "q2" }\n'
        'layer { name: "quiet" type: "Silence" bottom: "q1" }\n'
    )
    net = Net.load_caffe(*write(tmp_path, layers, {"c": [KERNEL]}, TWO))
    expected = [C[:, :1], C[:, 1:], C[:, :, :2], np.maximum(C[:, :, 2:], 0)]
    check_outputs(net, A, expected, tmp_path)
    assert [tensor.name for tensor in net.inputs] == ["a"]
    assert {"p_p1", "p_p2", "q_q1", "q_q2"} <= {layer.name for layer in net.layers}


def test_a_blob_is_cropped_to_another(tmp_path: Path) -> None:
    small = 'input: "small" input_shape { dim: 2 dim: 1 dim: 2 dim: 3 }\n'
    crop = 'layer { name: "crop" type: "Crop" bottom: "c" bottom: "small" top: "y" crop_param { offset: 1 offset: 2 } }'
    files = write(tmp_path, CONV + crop, {"c": [KERNEL]}, TWO.splitlines()[0] + "\n" + small)
    check_outputs(Net.load_caffe(*files), [A, np.zeros((2, 1, 2, 3))], C[:, :, 1:3, 2:5], tmp_path)


def test_layers_of_one_shape_keep_their_order_of_numbers(tmp_path: Path) -> None:
    """After a convolution numbers lie with channels last; flattening and reshaping see Caffe's order."""
    layers = CONV + (
        'layer { name: "f" type: "Flatten" bottom: "c" top: "f" }\n'
        'layer { name: "r" type: "Reshape" bottom: "f" top: "r"\n'
        "reshape_param { shape { dim: 0 dim: 3 dim: 5 dim: 4 } } }\n"
        'layer { name: "d" type: "Convolution" bottom: "r" top: "d" '
        "convolution_param { num_output: 3 kernel_size: 1 bias_term: false } }\n"
    )
    files = write(tmp_path, layers, {"c": [KERNEL], "d": [KERNEL]}, TWO)
    check_outputs(Net.load_caffe(*files), A, reference.conv(C.reshape(2, 3, 5, 4), KERNEL), tmp_path)


PRIOR = """
layer { name: "priors" type: "PriorBox" bottom: "c" bottom: "image" top: "priors" prior_box_param {
  min_size: 10 max_size: 20 aspect_ratio: 2 aspect_ratio: 1 clip: true
  variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }
"""
IMAGE = TWO.splitlines()[0] + '\ninput: "image" input_shape { dim: 2 dim: 3 dim: 40 dim: 60 }\n'


def test_prior_boxes_lie_around_the_cells(tmp_path: Path) -> None:
    net = Net.load_caffe(*write(tmp_path, CONV + PRIOR, {"c": [KERNEL]}, IMAGE))
    boxes = []
    sizes = [(10, 10), (200**0.5, 200**0.5), (10 * 2**0.5, 10 / 2**0.5), (10 / 2**0.5, 10 * 2**0.5)]
    for i, j in np.ndindex(4, 5):
        x, y = (j + 0.5) * 12, (i + 0.5) * 10
        for width, height in sizes:
            boxes += [(x - width / 2) / 60, (y - height / 2) / 40, (x + width / 2) / 60, (y + height / 2) / 40]
    expected = np.stack([np.clip(boxes, 0, 1), [0.1, 0.1, 0.2, 0.2] * (len(boxes) // 4)])
    check_outputs(net, [A, np.zeros((2, 3, 40, 60))], np.stack([expected] * 2), tmp_path)


@pytest.mark.parametrize("code", ["CORNER", "CENTER_SIZE", "CORNER_SIZE"])
@pytest.mark.parametrize("shared", [True, False])
def test_boxes_are_found_as_in_ssd(code: str, shared: bool, tmp_path: Path) -> None:
    count, classes = 80, 3
    own = 1 if shared else classes
    layers = (
        CONV
        + PRIOR
        + (
            'layer { name: "found" type: "DetectionOutput" top: "found" '
            'bottom: "where" bottom: "what" bottom: "priors"\n'
            f"detection_output_param {{ num_classes: {classes} share_location: {str(shared).lower()} code_type: {code} "
            "nms_param { nms_threshold: 0.3 top_k: 30 } keep_top_k: 25 confidence_threshold: 0.35 } }"
        )
    )
    inputs = IMAGE + f'input: "where" input_shape {{ dim: 2 dim: {count * own * 4} }}\n'
    inputs += f'input: "what" input_shape {{ dim: 2 dim: {count * classes} }}\n'
    # Small enough for no box to be turned inside out, for which the definition of overlap says nothing.
    where = 0.2 * RANDOM.normal(size=(2, count * own * 4)).astype(np.float32)
    what = reference.softmax(2 * RANDOM.normal(size=(2, count, classes)), 2).astype(np.float32)
    net = Net.load_caffe(*write(tmp_path, layers, {"c": [KERNEL]}, inputs))
    data = [A, np.zeros((2, 3, 40, 60), np.float32), where, what.reshape(2, -1)]
    priors = net.get_layer("priors").boxes()[0].reshape(-1, 4).astype(np.float64)
    expected = []
    for row in range(2):
        told = where[row].reshape(count, own, 4).astype(np.float64) * [0.1, 0.1, 0.2, 0.2]
        low, size = priors[:, None, :2], priors[:, None, 2:] - priors[:, None, :2]
        if code == "CENTER_SIZE":
            middle, half = low + size / 2 + told[..., :2] * size, np.exp(told[..., 2:]) * size / 2
            boxes = np.concatenate([middle - half, middle + half], 2)
        else:
            boxes = priors[:, None] + told * (np.concatenate([size, size], 2) if code == "CORNER_SIZE" else 1)
        boxes = np.broadcast_to(boxes, (count, classes, 4))
        expected.append([reference.detections(boxes, what[row], background=0, limit=0.35, nms=0.3, top_k=30, keep=25)])
    found = np.array(expected)
    assert (found[..., 0] == 0).sum() > 20
    check_outputs(net, data, found, tmp_path)


def test_a_picture_without_boxes_gives_rows_of_score_0(tmp_path: Path) -> None:
    layers = (
        CONV
        + PRIOR
        + (
            'layer { name: "found" type: "DetectionOutput" top: "found" '
            'bottom: "where" bottom: "what" bottom: "priors"\n'
            "detection_output_param { num_classes: 2 keep_top_k: 3 confidence_threshold: 2 } }"
        )
    )
    inputs = IMAGE + 'input: "where" input_shape { dim: 2 dim: 320 }\ninput: "what" input_shape { dim: 2 dim: 160 }\n'
    net = Net.load_caffe(*write(tmp_path, layers, {"c": [KERNEL]}, inputs))
    data = [A, np.zeros((2, 3, 40, 60)), np.zeros((2, 320)), np.ones((2, 160))]
    assert_close(net([np.float32(part) for part in data]), np.tile([-1.0, 0, 0, 0, 0, 0, 0], (2, 1, 3, 1)))


TRAINING = """
name: "train"
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } data_param { source: "x" } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST } transform_param { crop_size: 5 } }
layer { name: "only" type: "Exp" bottom: "data" top: "data" include { phase: TRAIN } }
layer { name: "not" type: "Exp" bottom: "data" top: "data" exclude { phase: TEST } }
layer { name: "stage" type: "Exp" bottom: "data" top: "data" include { stage: "deploy" } }
layer { name: "level" type: "Exp" bottom: "data" top: "data" include { min_level: 1 } }
layer { name: "odd" type: "Unheard" bottom: "data" top: "data" include { phase: TRAIN } unheard_param { x: 1 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "right" type: "Accuracy" bottom: "ip" bottom: "label" top: "right" include { phase: TEST } }
"""


def test_a_training_network_is_loaded_as_it_is_when_tested(tmp_path: Path) -> None:
    matrix, bias = RANDOM.normal(size=(2, 6)), np.array([1.0, 2.0])
    files = write(tmp_path, TRAINING, {"ip": [matrix, bias]}, " ")
    with pytest.raises(ModelError, match=r"received that of 'data' from elsewhere. Call with input_shape={'data':"):
        Net.load_caffe(*files)
    x = RANDOM.normal(size=(3, 1, 2, 3)).astype(np.float32)
    for given in ((1, 2, 3), {"data": (1, 2, 3)}):
        net = Net.load_caffe(*files, input_shape=given)
        assert net.name == "train"
        assert_close(net(x), x.reshape(3, 6) @ matrix.T + bias)


OLD = """
name: "old"  # of 2014
input: "data"
input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5
layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" blobs_lr: 1 blobs_lr: 2 weight_decay: 1
  convolution_param { num_output: 3 kernel_size: 1 bias_term: false } }
layers: # the brace comes later: {
 { name: 'r' type: RELU bottom: "c" top: "c" }
layers < name: "ip" type: INNER_PRODUCT bottom: "c" top: "ip" inner_product_param { num_output: 2 } >
layers { name: "prob" type: SOFTMAX bottom: "ip" top: "prob" }
"""


@pytest.mark.parametrize("old", [True, False], ids=["old weights", "new weights"])
def test_an_old_network_loads_with_old_and_new_weights(old: bool, tmp_path: Path) -> None:
    matrix, bias = RANDOM.normal(size=(2, 60)) / 9, RANDOM.normal(size=2)
    files = write(tmp_path, OLD, {}, " ")
    files[1].write_bytes(caffe_model({"c": [KERNEL], "ip": [matrix, bias]}, old))
    flat = np.maximum(C, 0).reshape(2, -1)
    check_outputs(Net.load_caffe(*files), A, reference.softmax(flat @ matrix.T + bias), tmp_path)


def test_a_network_takes_images_of_another_size_where_it_can(tmp_path: Path) -> None:
    files = write(tmp_path, CONV, {"c": [KERNEL]}, TWO)
    x = RANDOM.normal(size=(1, 3, 9, 2)).astype(np.float32)
    assert_close(Net.load_caffe(*files, input_shape=(3, 9, 2))(x), reference.conv(x, KERNEL))
    with pytest.raises(ArgumentError, match="Expected an input's name to be one of 'a'; received 'image'"):
        Net.load_caffe(*files, input_shape={"image": (3, 9, 2)})
    with pytest.raises(ArgumentError, match=r"to be whole numbers without rows; received \(3, None, 2\)"):
        Net.load_caffe(*files, input_shape=(3, None, 2))
