"""BigDL's modules, as `saveModule` writes them: protobuf, the weights inside or in a file of their own.

load_file ties together: reader reads (with schema) and resolves shared weights · inputs finds the inputs' shapes ·
graph builds containers, and modules with the builders of table (activations, combining, convolution, normalizing,
recurrent, reshaping).
"""
