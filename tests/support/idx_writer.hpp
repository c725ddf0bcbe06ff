// Composes IDX files, the broken ones too that no library would write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace support {

// Of bytes, unless another type is given. Extents are big-endian.
inline std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values,
                       char type = 8) {
  std::string bytes{'\0', '\0', type, static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift & 0xff);
  }
  return bytes + values;
}

}  // namespace support
