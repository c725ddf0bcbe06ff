// What libFuzzer found worth keeping, in tests/data/fuzz/TARGET, is read as it should be.
#include <filesystem>

#include "../support/catch.hpp"
#include "../support/fuzz_target.hpp"
#include "../support/safetensors_writer.hpp"

TEST_CASE("the corpora that libFuzzer begins with hold no mistakes", "[fuzz][corpora]") {
  for (const auto* target : support::FuzzTarget::all()) {
    DYNAMIC_SECTION(target->name()) {
      int files = 0;
      for (const auto& entry :
           std::filesystem::directory_iterator(DGP_TEST_DATA "/fuzz/" + target->name())) {
        CAPTURE(entry.path());
        CHECK(target->mistake_of(support::read_file(entry.path())) == "");
        ++files;
      }
      CHECK(files > 0);
    }
  }
}
