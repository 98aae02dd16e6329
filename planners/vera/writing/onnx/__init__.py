"""The language model on ONNX Runtime: weights in float32, int8 or int4, batches of one, on CPUs."""
