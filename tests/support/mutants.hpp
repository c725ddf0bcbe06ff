// Breaks sound files at random; the seed and the mutant's number lead back to any of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "npy_writer.hpp"
#include "random_network.hpp"
#include "reading.hpp"

namespace support {

inline std::size_t below(Random& random, std::size_t count) {
  return static_cast<std::size_t>(random.below(static_cast<int>(count)));
}

// One file, written anew for every mutant. It stays open: opening and emptying it each time would
// take longer than everything else.
class MutantFile {
 public:
  explicit MutantFile(const std::filesystem::path& path)
      : path_(path), stream_(path, std::ios::binary) {}

  void write(const std::string& bytes) {
    stream_.seekp(0);
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream_.flush();
    if (bytes.size() < size_) std::filesystem::resize_file(path_, bytes.size());
    size_ = bytes.size();
    if (!stream_) throw std::runtime_error("the test cannot write " + path_.string());
  }

 private:
  std::filesystem::path path_;
  std::ofstream stream_;
  std::size_t size_ = 0;
};

// One change, mostly among the first `header` bytes, where most can go wrong. `pieces` are bytes
// that mean something in the format.
inline void mutate(Random& random, std::string& file, std::size_t header,
                   const std::vector<std::string>& sound, const std::vector<std::string>& pieces) {
  if (file.empty()) file = sound[below(random, sound.size())];
  const std::size_t end = random.below(5) == 0 ? file.size() : std::min(header, file.size());
  const std::size_t at = below(random, end);
  const std::size_t count = std::min(file.size() - at, 1 + below(random, 12));
  switch (random.below(8)) {
    case 0:
    case 1: {  // flip bits
      for (int flips = 1 + random.below(4); flips > 0; --flips) {
        char& byte = file[below(random, end)];
        byte = static_cast<char>(byte ^ (1 << random.below(8)));
      }
      break;
    }
    case 2: {  // the end is missing
      file.resize(at);
      break;
    }
    case 3: {  // the front of this file, the back of another
      const std::string& other = sound[below(random, sound.size())];
      file = file.substr(0, at) + other.substr(below(random, other.size()));
      break;
    }
    case 4:  // a piece is gone
      file.erase(at, count);
      break;
    case 5:  // a piece of the file once more, elsewhere
      file.insert(below(random, file.size()), file.substr(at, count));
      break;
    case 6:  // something else in between
      file.insert(at, pieces[below(random, pieces.size())]);
      break;
    default: {  // something else in the place of as many bytes
      const std::string& piece = pieces[below(random, pieces.size())];
      file.replace(at, std::min(piece.size(), file.size() - at), piece);
    }
  }
}

struct Counts {
  int read = 0;
  int refused = 0;
};

// Reads files that broken(random) gives, by a `read` as outcome_of takes it.
template <class Break, class Read>
Counts fuzz(int mutants, std::uint64_t seed, const Break& broken, const Read& read,
            Named named = Named::byte) {
  const TemporaryFolder folder;
  const auto path = folder / "mutant";
  MutantFile written(path);
  Random random(seed);
  Counts counts;
  for (int mutant = 0; mutant < mutants; ++mutant) {
    const std::string file = broken(random);
    written.write(file);
    const auto [refused, mistake] = outcome_of(read, path, file.size(), named);
    ++(refused ? counts.refused : counts.read);
    if (!mistake.empty()) {
      CAPTURE(seed, mutant, mistake);
      FAIL_CHECK();
    }
  }
  return counts;
}

}  // namespace support
