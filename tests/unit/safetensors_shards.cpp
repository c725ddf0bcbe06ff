// The reader of checkpoints that lie in several safetensors files.
#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <dgp/io/safetensors_shards.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/safetensors_writer.hpp"

using dgp::io::SafetensorsShards;
using dgp::io::shard_name;
using support::error_of;
using support::f32;
using support::holds;

namespace {

std::filesystem::path part(const support::TemporaryFolder& folder, const std::string& name,
                           const std::string& tensor, float value) {
  support::write_file(folder / name, support::safetensors({{tensor, "F32", {1, 1}, f32({value})}}));
  return folder / name;
}

}  // namespace

TEST_CASE("the parts of a checkpoint are known by their names", "[shards]") {
  const auto shard = shard_name("a-1-of-2/model-00002-of-00012.safetensors");
  REQUIRE(shard);
  CHECK(shard->whole == "a-1-of-2/model-*-of-00012.safetensors");
  CHECK(shard->number == 2);
  CHECK(shard->count == 12);
  for (const std::string name :
       {"model.safetensors", "model-00003-of-00002.safetensors", "model-0-of-2.safetensors",
        "model-of-2.safetensors", "model-1-of-.safetensors", "model1-of-2.safetensors", "-of-",
        "1-of-2.safetensors", "model-1-of-99999999999999999999999.safetensors", ""}) {
    CAPTURE(name);
    CHECK_FALSE(shard_name(name));
  }
}

TEST_CASE("parts are one checkpoint, in any order", "[shards]") {
  const support::TemporaryFolder folder;
  const auto first = part(folder, "model-00001-of-00002.safetensors", "layers.10.weight", 1);
  const auto second = part(folder, "model-00002-of-00002.safetensors", "layers.2.weight", 2);
  for (const auto& paths : {std::vector{first, second}, std::vector{second, first}}) {
    SafetensorsShards model(paths);
    CHECK(model.path() == folder / "model-*-of-00002.safetensors");
    REQUIRE(model.tensors().size() == 2);
    CHECK(model.tensors()[0].name == "layers.2.weight");
    CHECK(model.tensors()[1].name == "layers.10.weight");
    CHECK(model.read_matrix<float>(model.tensors()[0])(0, 0) == 2);
    CHECK(model.read_matrix<double>(model.tensors()[1])(0, 0) == 1);
  }
}

TEST_CASE("parts that are no whole checkpoint are refused with what is wrong", "[shards]") {
  const support::TemporaryFolder folder;
  const auto first = part(folder, "m-1-of-3.safetensors", "a", 1);
  const auto third = part(folder, "m-3-of-3.safetensors", "c", 3);
  const auto other = part(folder, "n-2-of-3.safetensors", "b", 2);
  const auto plain = part(folder, "plain.safetensors", "d", 4);
  const auto refusal = [](const std::vector<std::filesystem::path>& paths) {
    return error_of([&] { SafetensorsShards model(paths); });
  };
  CHECK(holds(refusal({third, first}), "m-*-of-3.safetensors: part 2 of 3 is missing"));
  CHECK(holds(refusal({third}), "part 1 of 3 is missing"));
  CHECK(holds(refusal({first, first, third}), first.string() + ": the part is given twice"));
  CHECK(holds(refusal({first, other, third}), other.string() + ": not a part of "));
  CHECK(holds(refusal({first, plain}), plain.string() + ": not named as a part"));
  CHECK_FALSE(refusal({}).empty());
  const auto second = part(folder, "m-2-of-3.safetensors", "a", 2);
  const std::string twice = refusal({first, second, third});
  CHECK(support::byte_in(twice, second) > 8);
  CHECK(holds(twice, "tensor 'a' is in another part too"));
  const auto huge = part(folder, "h-7-of-18446744073709551615.safetensors", "a", 1);
  CHECK(holds(refusal({huge}), "part 1 of 18446744073709551615 is missing"));
}
