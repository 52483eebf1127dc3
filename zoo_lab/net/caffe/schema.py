"""The messages of Caffe's files, as far as a network that is only used or trained further needs them.

Field numbers and defaults are those of caffe.proto and of the SSD branch; numbers of blobs stay bytes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from zoo_lab.net.schema import message_classes

_ENUMS = {
    "Phase": "TRAIN 0 TEST 1",
    "PoolMethod": "MAX 0 AVE 1 STOCHASTIC 2",
    "EltwiseOp": "PROD 0 SUM 1 MAX 2",
    "NormRegion": "ACROSS_CHANNELS 0 WITHIN_CHANNEL 1",
    "ReductionOp": "SUM 1 ASUM 2 SUMSQ 3 MEAN 4",
    "CodeType": "CORNER 1 CENTER_SIZE 2 CORNER_SIZE 3",
    "VarianceNorm": "FAN_IN 0 FAN_OUT 1 AVERAGE 2",
    "Engine": "DEFAULT 0 CAFFE 1 CUDNN 2",
    "DimCheckMode": "STRICT 0 PERMISSIVE 1",
    "NormalizationMode": "FULL 0 VALID 1 BATCH_SIZE 2 NONE 3",
    "DB": "LEVELDB 0 LMDB 1",
    "LayerType": (
        "NONE 0 ACCURACY 1 BNLL 2 CONCAT 3 CONVOLUTION 4 DATA 5 DROPOUT 6 EUCLIDEAN_LOSS 7 FLATTEN 8 HDF5_DATA 9 "
        "HDF5_OUTPUT 10 IM2COL 11 IMAGE_DATA 12 INFOGAIN_LOSS 13 INNER_PRODUCT 14 LRN 15 MULTINOMIAL_LOGISTIC_LOSS 16 "
        "POOLING 17 RELU 18 SIGMOID 19 SOFTMAX 20 SOFTMAX_LOSS 21 SPLIT 22 TANH 23 WINDOW_DATA 24 ELTWISE 25 POWER 26 "
        "SIGMOID_CROSS_ENTROPY_LOSS 27 HINGE_LOSS 28 MEMORY_DATA 29 ARGMAX 30 THRESHOLD 31 DUMMY_DATA 32 SLICE 33 "
        "MVN 34 ABSVAL 35 SILENCE 36 CONTRASTIVE_LOSS 37 EXP 38 DECONVOLUTION 39"
    ),
}

_WINDOW = "9 pad_h uint32 0; 10 pad_w uint32 0;"

# Parameters that both kinds of layers have: name → (number in `layer`, number in the older `layers` or 0).
_PARAMETERS = {
    "transform_param": (100, 36), "loss_param": (101, 42), "accuracy_param": (102, 27), "argmax_param": (103, 23),
    "concat_param": (104, 9), "convolution_param": (106, 10), "data_param": (107, 11), "dropout_param": (108, 12),
    "dummy_data_param": (109, 26), "eltwise_param": (110, 24), "exp_param": (111, 41), "hdf5_data_param": (112, 13),
    "image_data_param": (115, 15), "inner_product_param": (117, 17), "lrn_param": (118, 18),
    "memory_data_param": (119, 22), "pooling_param": (121, 19), "power_param": (122, 21), "relu_param": (123, 30),
    "sigmoid_param": (124, 38), "softmax_param": (125, 39), "slice_param": (126, 31), "tanh_param": (127, 37),
    "threshold_param": (128, 25), "prelu_param": (131, 0), "reshape_param": (133, 0), "log_param": (134, 0),
    "flatten_param": (135, 0), "reduction_param": (136, 0), "batch_norm_param": (139, 0), "elu_param": (140, 0),
    "bias_param": (141, 0), "scale_param": (142, 0), "input_param": (143, 0), "crop_param": (144, 0),
    "permute_param": (202, 0), "prior_box_param": (203, 0), "detection_output_param": (204, 0), "norm_param": (206, 0),
}  # fmt: skip

_PARAMETER_FIELDS = {
    "transform_param": "1 scale float 1; 2 mirror bool; 3 crop_size uint32; 4 mean_file string; 5 mean_value float*; "
    "6 force_color bool; 7 force_gray bool",
    "loss_param": "1 ignore_label int32; 2 normalize bool; 3 normalization NormalizationMode",
    "accuracy_param": "1 top_k uint32; 2 axis int32; 3 ignore_label int32",
    "argmax_param": "1 out_max_val bool; 2 top_k uint32 1; 3 axis int32",
    "concat_param": "1 concat_dim uint32 1; 2 axis int32 1",
    "convolution_param": "1 num_output uint32; 2 bias_term bool true; 3 pad uint32*; 4 kernel_size uint32*; "
    "5 group uint32 1; 6 stride uint32*; 7 weight_filler Filler; 8 bias_filler Filler;"
    + _WINDOW
    + "11 kernel_h uint32; 12 kernel_w uint32; 13 stride_h uint32; 14 stride_w uint32; 15 engine Engine; "
    "16 axis int32 1; 17 force_nd_im2col bool; 18 dilation uint32*",
    "data_param": "1 source string; 2 scale float; 3 mean_file string; 4 batch_size uint32; 5 crop_size uint32; "
    "6 mirror bool; 7 rand_skip uint32; 8 backend DB; 9 force_encoded_color bool; 10 prefetch uint32",
    "dropout_param": "1 dropout_ratio float 0.5",
    "dummy_data_param": "1 data_filler Filler*; 2 num uint32*; 3 channels uint32*; 4 height uint32*; 5 width uint32*; "
    "6 shape BlobShape*",
    "eltwise_param": "1 operation EltwiseOp SUM; 2 coeff float*; 3 stable_prod_grad bool",
    "exp_param": "1 base float -1; 2 scale float 1; 3 shift float 0",
    "hdf5_data_param": "1 source string; 2 batch_size uint32; 3 shuffle bool",
    "image_data_param": "1 source string; 2 scale float; 3 mean_file string; 4 batch_size uint32; 5 crop_size uint32; "
    "6 mirror bool; 7 rand_skip uint32; 8 shuffle bool; 9 new_height uint32; 10 new_width uint32; 11 is_color bool; "
    "12 root_folder string",
    "inner_product_param": "1 num_output uint32; 2 bias_term bool true; 3 weight_filler Filler; 4 bias_filler Filler; "
    "5 axis int32 1; 6 transpose bool",
    "lrn_param": "1 local_size uint32 5; 2 alpha float 1; 3 beta float 0.75; 4 norm_region NormRegion; 5 k float 1; "
    "6 engine Engine",
    "memory_data_param": "1 batch_size uint32; 2 channels uint32; 3 height uint32; 4 width uint32",
    "pooling_param": "1 pool PoolMethod; 2 kernel_size uint32; 3 stride uint32; 4 pad uint32; 5 kernel_h uint32; "
    "6 kernel_w uint32; 7 stride_h uint32; 8 stride_w uint32;" + _WINDOW + "11 engine Engine; 12 global_pooling bool",
    "power_param": "1 power float 1; 2 scale float 1; 3 shift float 0",
    "relu_param": "1 negative_slope float 0; 2 engine Engine",
    "sigmoid_param": "1 engine Engine",
    "softmax_param": "1 engine Engine; 2 axis int32 1",
    "slice_param": "1 slice_dim uint32 1; 2 slice_point uint32*; 3 axis int32 1",
    "tanh_param": "1 engine Engine",
    "threshold_param": "1 threshold float 0",
    "prelu_param": "1 filler Filler; 2 channel_shared bool",
    "reshape_param": "1 shape BlobShape; 2 axis int32 0; 3 num_axes int32 -1",
    "log_param": "1 base float -1; 2 scale float 1; 3 shift float 0",
    "flatten_param": "1 axis int32 1; 2 end_axis int32 -1",
    "reduction_param": "1 operation ReductionOp SUM; 2 axis int32 0; 3 coeff float 1",
    "batch_norm_param": "1 use_global_stats bool; 2 moving_average_fraction float 0.999; 3 eps float 1e-5",
    "elu_param": "1 alpha float 1",
    "bias_param": "1 axis int32 1; 2 num_axes int32 1; 3 filler Filler",
    "scale_param": "1 axis int32 1; 2 num_axes int32 1; 3 filler Filler; 4 bias_term bool; 5 bias_filler Filler",
    "input_param": "1 shape BlobShape*",
    "crop_param": "1 axis int32 2; 2 offset uint32*",
    "permute_param": "1 order uint32*",
    "prior_box_param": "1 min_size float*; 2 max_size float*; 3 aspect_ratio float*; 4 flip bool true; 5 clip bool; "
    "6 variance float*; 7 img_size uint32; 8 img_h uint32; 9 img_w uint32; 10 step float; 11 step_h float; "
    "12 step_w float; 13 offset float 0.5",
    "detection_output_param": "1 num_classes uint32; 2 share_location bool true; 3 background_label_id int32 0; "
    "4 nms_param Suppression; 5 save_output_param SaveOutput; 6 code_type CodeType CORNER; 7 keep_top_k int32 -1; "
    "8 variance_encoded_in_target bool; 9 confidence_threshold float",
    "norm_param": "1 across_spatial bool true; 2 scale_filler Filler; 3 channel_shared bool true; 4 eps float 1e-10",
}

_MESSAGES = {
    "BlobShape": "1 dim int64*",
    # data and double_data are packed numbers; their bytes go to numpy as they are.
    "Blob": "1 num int32; 2 channels int32; 3 height int32; 4 width int32; 5 data bytes*; 7 shape BlobShape; "
    "8 double_data bytes*",
    "Filler": "1 type string; 2 value float; 3 min float; 4 max float; 5 mean float; 6 std float; 7 sparse int32; "
    "8 variance_norm VarianceNorm",
    "Suppression": "1 nms_threshold float 0.3; 2 top_k int32; 3 eta float 1",
    "SaveOutput": "1 output_directory string; 2 output_name_prefix string; 3 output_format string; "
    "4 label_map_file string; 5 name_size_file string; 6 num_test_image uint32",
    "Param": "1 name string; 2 share_mode DimCheckMode; 3 lr_mult float; 4 decay_mult float",
    "State": "1 phase Phase; 2 level int32; 3 stage string*",
    "Rule": "1 phase Phase; 2 min_level int32; 3 max_level int32; 4 stage string*; 5 not_stage string*",
    "Layer": "1 name string; 2 type string; 3 bottom string*; 4 top string*; 5 loss_weight float*; 6 param Param*; "
    "7 blobs Blob*; 8 include Rule*; 9 exclude Rule*; 10 phase Phase; 11 propagate_down bool*;"
    + "".join(f"{number} {name} {name};" for name, (number, _) in _PARAMETERS.items()),
    "OldLayer": "1 layer OldestLayer; 2 bottom string*; 3 top string*; 4 name string; 5 type LayerType; 6 blobs Blob*; "
    "7 blobs_lr float*; 8 weight_decay float*; 32 include Rule*; 33 exclude Rule*; 35 loss_weight float*; "
    "1001 param string*; 1002 blob_share_mode DimCheckMode*;"
    + "".join(f"{number} {name} {name};" for name, (_, number) in _PARAMETERS.items() if number),
    "OldestLayer": "1 name string; 2 type string",
    "Net": "1 name string; 2 layers OldLayer*; 3 input string*; 4 input_dim int32*; 5 force_backward bool; "
    "6 state State; 7 debug_info bool; 8 input_shape BlobShape*; 100 layer Layer*",
    **_PARAMETER_FIELDS,
}


@cache
def classes() -> dict[str, Any]:
    """Return name → message class: Net, Layer, OldLayer (of `layers`), Blob and those inside them."""
    return message_classes("caffe", _MESSAGES, _ENUMS)
