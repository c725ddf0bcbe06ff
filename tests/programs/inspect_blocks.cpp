// dgp-inspect on checkpoints that it does not take into memory: the same figures, and none where
// something goes wrong.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <dgp/dgp.hpp>
#include <dgp/io/npy_writer.hpp>
#include <dgp/io/safetensors_writer.hpp>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/random_network.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using support::holds;
using support::TemporaryFolder;
using Arguments = std::vector<std::string>;

std::string successful(const Arguments& arguments) {
  return support::successful(DGP_INSPECT, arguments);
}

Arguments with(Arguments arguments, const Arguments& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

dgp::io::NamedTensor tensor_of(const std::string& name, const Eigen::MatrixXf& matrix, int type) {
  using dgp::io::named_tensor;
  return type == 0   ? named_tensor(name, matrix.cast<Eigen::half>())
         : type == 1 ? named_tensor(name, matrix.cast<Eigen::bfloat16>())
         : type == 2 ? named_tensor(name, matrix)
                     : named_tensor(name, matrix.cast<double>());
}

// A chain of layers of random types.
std::string made(const TemporaryFolder& folder, support::Random& random, int most, int types) {
  std::vector<dgp::io::NamedTensor> tensors;
  for (const auto& layer : support::random_network<float>(random, 1 + random.below(4), most)) {
    tensors.push_back(tensor_of("layers." + std::to_string(tensors.size()) + ".weight", layer,
                                random.below(types)));
  }
  const auto path = (folder / "model.safetensors").string();
  dgp::io::write_safetensors(path, tensors);
  return path;
}

// Large enough that reading it in small blocks takes a while.
std::string large(const TemporaryFolder& folder) {
  std::vector<dgp::io::NamedTensor> tensors;
  support::Random random(3);
  const Eigen::MatrixXf matrix =
      support::random_matrix<float>(random, support::Kind::normal, 500, 500);
  for (int k = 0; k < 40; ++k) {
    tensors.push_back(tensor_of("layers." + std::to_string(k) + ".weight",
                                matrix * (1 + 0.01F * static_cast<float>(k)), 2));
  }
  const auto path = (folder / "large.safetensors").string();
  dgp::io::write_safetensors(path, tensors);
  return path;
}

}  // namespace

TEST_CASE("weights that stay in their file have the same figures", "[inspect]") {
  const TemporaryFolder folder;
  support::Random random(31);
  int raw = 0;
  for (int number = 0; number < 25; ++number) {
    CAPTURE(number);
    const auto path = made(folder, random, 40, number % 3 == 0 ? 4 : 3);
    const Arguments json{path, "--format", "json", "--deaths", "--p", number % 2 == 0 ? "2" : "3"};
    const std::string in_memory = successful(json);
    // Where the raw variant takes the matrix of path strengths, blocks have none.
    auto blocks = nlohmann::ordered_json::parse(successful(with(json, {"--memory", "0"})));
    auto whole = nlohmann::ordered_json::parse(in_memory);
    if (blocks.contains("raw_reason")) {
      CHECK(blocks["deep_graph_persistence"]["raw"].is_null());
      blocks.erase("raw_reason");
      blocks["deep_graph_persistence"]["raw"] = whole["deep_graph_persistence"]["raw"];
      CHECK(blocks == whole);
      continue;
    }
    ++raw;
    CHECK(blocks.dump() == whole.dump());
    for (const std::string size : {"4kb", "100KB"}) {
      CHECK(successful(with(json, {"--memory", size})) == in_memory);
    }
    for (const std::string format : {"table", "csv"}) {
      CHECK(successful({path, "--format", format, "--memory", "0"}) ==
            successful({path, "--format", format}));
    }
  }
  CHECK(raw > 10);
}

TEST_CASE("files that cannot be read block by block are taken into memory", "[inspect]") {
  const TemporaryFolder folder;
  support::Random random(32);
  const auto path = made(folder, random, 9, 3);
  const Arguments transposed{path, "--transpose", "."};
  CHECK(successful(with(transposed, {"--memory", "0"})) == successful(transposed));
  const auto array = (folder / "w.npy").string();
  dgp::io::write_npy(array, Eigen::MatrixXf::Random(30, 4));
  CHECK(successful({array, "--memory", "0"}) == successful({array}));
}

#ifdef DGP_WITH_NPZ
TEST_CASE("a file of torch.save stays where it is too", "[inspect]") {
  const TemporaryFolder folder;
  const std::string path = DGP_TEST_DATA "/pytorch/state_dict.pt";
  const Arguments json{path, "--format", "json", "--deaths"};
  // Which is only of weights that are read block by block.
  const auto record = (folder / "record").string();
  CHECK(successful(with(json, {"--memory", "0", "--resume", record})) == successful(json));
  CHECK(std::filesystem::exists(record));
}
#endif

TEST_CASE("what needs all weights in memory says so", "[inspect]") {
  const TemporaryFolder folder;
  support::Random random(33);
  const auto path = made(folder, random, 9, 3);
  const auto failure = [&](const Arguments& more, int exit_code = 1) {
    return support::failure(DGP_INSPECT, with({path}, more), exit_code);
  };
  for (const Arguments& asked :
       {Arguments{"--analysis"}, Arguments{"--significance"}, Arguments{"--paths", "3"}}) {
    CHECK(
        holds(failure(with(asked, {"--memory", "0"})), asked[0] + " needs the weights in memory"));
    CHECK(holds(failure(with(asked, {"--resume", (folder / "r").string()})), asked[0]));
  }
  CHECK(holds(failure({"--transpose", ".", "--resume", (folder / "r").string()}), "--resume"));
  CHECK(holds(failure({path, "--resume", (folder / "r").string()}), "--resume is of a single"));
  CHECK(holds(failure({"--memory", "much"}, 2), "--memory"));
  CHECK(holds(failure({"--resume", ""}, 2), "--resume"));
  CHECK_FALSE(std::filesystem::exists(folder / "r"));
}

TEST_CASE("finished layers are skipped, with the same figures", "[inspect]") {
  const TemporaryFolder folder;
  support::Random random(34);
  const auto record = (folder / "record").string();
  for (int number = 0; number < 6; ++number) {
    const auto path = made(folder, random, 20, number < 3 ? 3 : 4);
    std::filesystem::remove(record);
    const Arguments json{path, "--format", "json", "--deaths", "--memory", "0"};
    const std::string plain = successful(json);
    CHECK(successful(with(json, {"--resume", record})) == plain);
    REQUIRE(std::filesystem::exists(record));
    CHECK(successful(with(json, {"--resume", record})) == plain);
    // It is what says the figures: not the weights again.
    const std::string bytes = support::read_file(record);
    for (int damage = 0; damage < 40; ++damage) {
      std::string damaged = bytes;
      const auto at = static_cast<std::size_t>(random.below(static_cast<int>(bytes.size())));
      if (damage % 4 == 0) {
        damaged.resize(at);
      } else {
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
      }
      support::write_file(record, damaged);
      const auto run = support::run_program(DGP_INSPECT, with(json, {"--resume", record}));
      CHECK((run.exit_code == 1 || run.out == plain));
      if (run.exit_code == 1) CHECK(run.out.empty());
    }
    support::write_file(record, bytes);
    // Another file of that name.
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
    CHECK(holds(support::failure(DGP_INSPECT, with(json, {"--resume", record}), 1),
                "it holds layers of another checkpoint, or of this one before it changed"));
  }
  support::write_file(record, "nothing of the kind");
  const auto path = made(folder, random, 20, 3);
  support::failure(DGP_INSPECT, {path, "--resume", record}, 1);
  CHECK(support::read_file(record) == "nothing of the kind");
}

TEST_CASE("a record that cannot be written stops nothing", "[inspect]") {
  const TemporaryFolder folder;
  support::Random random(35);
  const auto path = made(folder, random, 20, 3);
  const auto run = support::run_program(
      DGP_INSPECT, {path, "--resume", (folder / "missing" / "record").string()});
  CHECK(run.exit_code == 0);
  CHECK(run.out == successful({path}));
  CHECK(holds(run.err, "cannot be opened for writing"));
  CHECK(holds(run.err, "going on without"));
  CHECK(support::lines_of(run.err).size() == 1);
  // A disk without room: no file may grow beyond a kilobyte.
  const auto full = support::run_program(
      DGP_INSPECT, {large(folder), "--memory", "0", "--resume", (folder / "record").string()},
      "trap '' XFSZ; ulimit -f 1; OMP_NUM_THREADS=1 PROGRAM | cat");
  CHECK(full.exit_code == 0);
}

TEST_CASE("an interrupted measurement goes on where it was", "[inspect]") {
  const TemporaryFolder folder;
  const auto path = large(folder);
  const auto record = (folder / "record").string();
  const std::string plain = successful({path});
  const Arguments resumed{path, "--memory", "1kb", "--resume", record};
  bool interrupted = false;
  for (int run = 0; run < 40; ++run) {
    const auto result =
        support::run_program(DGP_INSPECT, resumed, "timeout --foreground -s INT 0.4 PROGRAM");
    if (result.exit_code == 0) {
      CHECK(result.out == plain);
      break;
    }
    interrupted = true;
    CHECK(result.out.empty());
    CAPTURE(result.err);
    CHECK(holds(result.err, "the same command goes on from there"));
    CHECK((std::filesystem::exists(record) || holds(result.err, "after 0 of 40 layers")));
  }
  CHECK(interrupted);
  // Killed without warning, some layers may be measured again.
  std::filesystem::remove(record);
  support::run_program(DGP_INSPECT, resumed, "timeout -s KILL 0.4 PROGRAM; true");
  CHECK(successful(resumed) == plain);
}

TEST_CASE("a file that is cut while it is read gives no figures", "[inspect]") {
  const TemporaryFolder folder;
  const auto path = large(folder);
  const auto result = support::run_program(
      DGP_INSPECT, {path, "--memory", "1kb"},
      "(sleep 0.2; truncate -s -1000 " + support::quoted(path) + ") & PROGRAM");
  // Whether it came in time or not: a cut file is an error, an earlier end has the figures.
  CHECK((result.exit_code == 1 || holds(result.out, "standardised, rescaled")));
  if (result.exit_code == 1) {
    CHECK(result.out.empty());
    CHECK(holds(result.err, path));
  }
}
