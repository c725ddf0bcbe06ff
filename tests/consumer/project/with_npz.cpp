#include <cstdio>
#include <stdexcept>

#include <dgp/dgp.hpp>
#include <dgp/io/npz.hpp>

// There is no archive at hand: that the reader is there, linked and of its senses must do.
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    dgp::io::read_npz_layers(argv[1]);
  } catch (const std::runtime_error& error) {
    std::printf("%s, with libzip %s\n", error.what(), zip_libzip_version());
    return 0;
  }
  return 1;
}
