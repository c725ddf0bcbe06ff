// Uses what dgp::onnx adds: a safetensors file is no ONNX model, and the reader says so.
#include <stdexcept>

#include <dgp/io/onnx.hpp>

int main(int, char** argv) {
  try {
    dgp::io::read_onnx(argv[1]);
  } catch (const std::runtime_error&) {
    return 0;
  }
  return 1;
}
