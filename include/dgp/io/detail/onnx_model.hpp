// An ONNX model as protobuf's own classes hold it.
//
// in:  an open file that is not trusted
// out: its messages, well-formed as such; what they say of each other is checked by who uses it
//
// The classes are those of the onnx library, as packages carry it with the schema compiled in: a
// copy of the schema here would have to be compiled by every user of these headers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <limits>
#include <onnx/onnx_pb.h>
#include <string>
#include <utility>

#include <dgp/io/detail/file_error.hpp>
#include <dgp/io/detail/input_file.hpp>
#include <dgp/io/file_format.hpp>

namespace dgp::io::detail {

// A file as protobuf reads it, part by part. An error ends the parsing, and is thrown after it.
class ProtobufStream final : public google::protobuf::io::CopyingInputStream {
 public:
  explicit ProtobufStream(InputFile& file) : file_(file) {}

  int Read(void* buffer, int size) override {
    const std::uint64_t left = file_.size() - at_;
    const auto count = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(size));
    try {
      file_.read(at_, buffer, count);
    } catch (...) {
      error_ = std::current_exception();
      return -1;
    }
    at_ += count;
    return static_cast<int>(count);
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  InputFile& file_;
  std::uint64_t at_ = 0;
  std::exception_ptr error_;
};

// Time and memory O(file). Throws std::runtime_error, with path and byte, for a file that is not a
// model of ONNX.
inline onnx::ModelProto parse_onnx(InputFile& file) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
  if (file.size() > most) {
    file.fail(0,
              "an ONNX model of more than 2 GiB, which protobuf cannot read: save its weights "
              "as external data, onnx.save(model, path, save_as_external_data=True)");
  }
  ProtobufStream bytes(file);
  google::protobuf::io::CopyingInputStreamAdaptor stream(&bytes);
  onnx::ModelProto model;
  const bool parsed = model.ParseFromZeroCopyStream(&stream);
  bytes.rethrow();
  if (!parsed || !model.has_graph()) {
    const bool looks_like_one = file_format("", file.start()) == FileFormat::onnx;
    file.fail(0, "not an ONNX model, or not a whole one" +
                     (looks_like_one ? std::string() : but_it_is(file)));
  }
  return model;
}

// Errors without a byte: in a message of the model.
class OnnxPlace {
 public:
  OnnxPlace(std::filesystem::path path, std::string where)
      : path_(std::move(path)), where_(std::move(where)) {}

  const std::filesystem::path& path() const { return path_; }
  [[noreturn]] void fail(const std::string& what) const {
    detail::fail(path_, where_.empty() ? what : where_ + ": " + what);
  }
  // As checks of tensors call it.
  [[noreturn]] void fail(std::uint64_t, const std::string& what) const { fail(what); }

 private:
  std::filesystem::path path_;
  std::string where_;
};

}  // namespace dgp::io::detail
