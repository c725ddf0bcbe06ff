// Writes .npy files and .npz archives, sound or broken, byte by byte: so nothing here shares code
// with the readers under test.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "safetensors_writer.hpp"

namespace support {

// A file with any text for a header and any bytes behind it.
inline std::string npy(const std::string& header, const std::string& data, int version = 1) {
  return "\x93NUMPY" + little_endian(static_cast<std::uint64_t>(version), 1) +
         std::string(1, '\0') + little_endian(header.size(), version == 1 ? 2 : 4) + header + data;
}

// shape: as Python writes it, "(2, 3)".
inline std::string npy_header(const std::string& type, const std::string& shape,
                              bool column_major = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (column_major ? "True" : "False") +
         ", 'shape': " + shape + ", }\n";
}

// A file as NumPy writes it, of a matrix of floats.
inline std::string npy_of_floats(std::size_t rows, std::size_t cols, const std::string& bytes) {
  return npy(npy_header("<f4", "(" + std::to_string(rows) + ", " + std::to_string(cols) + ")"),
             bytes);
}

struct ArchiveEntry {
  std::string name;
  std::string packed;
  std::uint64_t size;  // unpacked, as the archive claims
  std::uint64_t checksum;
  std::uint64_t method = 0;  // 0: stored, 8: deflated
  std::uint64_t flags = 0;   // 1: encrypted
};

inline std::uint64_t crc32(const std::string& bytes) {
  std::uint32_t rest = 0xffffffff;
  for (const char c : bytes) {
    rest ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ ((rest & 1) != 0 ? 0xedb88320 : 0);
  }
  return rest ^ 0xffffffff;
}

inline ArchiveEntry stored(const std::string& name, const std::string& bytes) {
  return {name, bytes, bytes.size(), crc32(bytes)};
}

// Deflated, but in blocks that are not compressed: those need no compressor.
inline ArchiveEntry deflated(const std::string& name, const std::string& bytes) {
  std::string packed;
  for (std::size_t at = 0; at == 0 || at < bytes.size();) {
    const std::string block = bytes.substr(at, 0xffff);
    at += 0xffff;
    packed += little_endian(at < bytes.size() ? 0 : 1, 1);
    packed += little_endian(block.size(), 2) + little_endian(~block.size(), 2) + block;
  }
  return {name, packed, bytes.size(), crc32(bytes), 8};
}

inline std::string archive(const std::vector<ArchiveEntry>& entries) {
  std::string bytes;
  std::string directory;
  for (const auto& entry : entries) {
    std::string common = little_endian(20, 2) + little_endian(entry.flags, 2) +
                         little_endian(entry.method, 2) + little_endian(0x58210000, 4) +
                         little_endian(entry.checksum, 4);
    common += little_endian(entry.packed.size(), 4) + little_endian(entry.size, 4) +
              little_endian(entry.name.size(), 2) + little_endian(0, 2);
    directory += "PK\x01\x02" + little_endian(20, 2) + common + std::string(10, '\0') +
                 little_endian(bytes.size(), 4) + entry.name;
    bytes += "PK\x03\x04" + common + entry.name + entry.packed;
  }
  return bytes + directory + "PK\x05\x06" + little_endian(0, 4) + little_endian(entries.size(), 2) +
         little_endian(entries.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(bytes.size(), 4) + little_endian(0, 2);
}

}  // namespace support
