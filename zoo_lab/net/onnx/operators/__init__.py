"""What the operators of ONNX compute, one family a file; importing a family enters it into the table."""
