"""How the model writes its answer: token by token, in torch, by CUDA graphs, or on ONNX Runtime."""
