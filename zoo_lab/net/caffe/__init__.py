"""Caffe's networks: a .prototxt with the .caffemodel of its weights.

load_file ties together: reader reads (with schema) · graph builds with the builders of table (activations, combining,
convolution, detection, normalizing, reshaping).
"""
