"""Which builder makes Keras layers of which type of Caffe layer; the one place to look a type up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo_lab.net.caffe import activations, combining, convolution, detection, normalizing, reshaping
from zoo_lab.net.caffe.node import Node

BUILDERS: dict[str, Callable[[Node], Any]] = {
    "AbsVal": activations.absolute,
    "ArgMax": reshaping.argmax,
    "BNLL": activations.bnll,
    "BatchNorm": normalizing.batch_norm,
    "Bias": normalizing.bias,
    "Concat": combining.concat,
    "Convolution": convolution.convolution,
    "Crop": reshaping.crop,
    "Deconvolution": convolution.deconvolution,
    "DetectionOutput": detection.detection_output,
    "Dropout": activations.dropout,
    "ELU": activations.elu,
    "Eltwise": combining.eltwise,
    "Exp": activations.exponential,
    "Flatten": reshaping.flatten,
    "InnerProduct": convolution.inner_product,
    "LRN": normalizing.lrn,
    "Log": activations.logarithm,
    "Normalize": normalizing.normalize,
    "PReLU": activations.prelu,
    "Permute": reshaping.permute,
    "Pooling": convolution.pooling,
    "Power": activations.power,
    "PriorBox": detection.prior_box,
    "ReLU": activations.relu,
    "Reduction": reshaping.reduction,
    "Reshape": reshaping.reshape,
    "Scale": normalizing.scale,
    "Sigmoid": activations.sigmoid,
    "Slice": combining.slices,
    "Softmax": activations.softmax,
    "Split": combining.split,
    "TanH": activations.tanh,
    "Threshold": activations.threshold,
}

# What only a training Caffe computes: losses, their numbers for people, and ends of blobs that nobody wants.
DROPPED = {
    "Accuracy", "ContrastiveLoss", "DetectionEvaluate", "EuclideanLoss", "HDF5Output", "HingeLoss", "InfogainLoss",
    "MultiBoxLoss", "MultinomialLogisticLoss", "SigmoidCrossEntropyLoss", "Silence", "SoftmaxWithLoss",
}  # fmt: skip

SOURCES = {
    "AnnotatedData", "Data", "DummyData", "HDF5Data", "ImageData", "Input", "MemoryData", "WindowData",
}  # fmt: skip
