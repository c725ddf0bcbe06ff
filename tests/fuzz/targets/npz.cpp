// .npz archives, and arrays to be packed into one, whose checksums no change would survive.
#include <string>

#include "../../support/fuzz_target.hpp"
#include "../../support/memory_file.hpp"
#include "../../support/npy_writer.hpp"
#include "../../support/reading_arrays.hpp"

namespace {

const support::FuzzTarget target("npz", [](const std::string& bytes) {
  const bool is_archive = bytes.starts_with("PK");
  return support::mistake_of_bytes(is_archive
                                       ? bytes
                                       : support::archive({support::stored("a.npy", bytes),
                                                           support::deflated("b.10.npy", bytes)}),
                                   support::mistake_of_npz);
});

}  // namespace
