// dgp-distributed prints what dgp-inspect prints, whatever the number of processes; and nothing
// where one of them fails.
#ifdef DGP_DISTRIBUTED
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <dgp/dgp.hpp>
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

// Open MPI wants to be told that root, and more processes than processors, are meant; and it leaves
// memory to the system.
const std::string environment =
    "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "
    "OMPI_MCA_rmaps_base_oversubscribe=1 OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=0; ";

support::RunResult run(int processes, const Arguments& arguments, const std::string& more = "") {
  return support::run_program(
      DGP_DISTRIBUTED, arguments,
      environment + more + DGP_MPIRUN " -n " + std::to_string(processes) + " PROGRAM");
}

dgp::io::NamedTensor tensor_of(std::size_t k, const Eigen::MatrixXf& matrix, int type) {
  const std::string name = "layers." + std::to_string(k) + ".weight";
  using dgp::io::named_tensor;
  return type == 0   ? named_tensor(name, matrix.cast<Eigen::bfloat16>())
         : type == 1 ? named_tensor(name, matrix)
                     : named_tensor(name, matrix.cast<double>());
}

// Three processes can share each of its layers' rows.
std::vector<Eigen::MatrixXf> wide_layers() {
  support::Random random(8);
  return {support::random_matrix<float>(random, support::Kind::normal, 1400, 600),
          support::random_matrix<float>(random, support::Kind::heavy_tails, 700, 1400)};
}

std::string written(const TemporaryFolder& folder, const std::vector<Eigen::MatrixXf>& layers,
                    int type) {
  std::vector<dgp::io::NamedTensor> tensors;
  for (std::size_t k = 0; k < layers.size(); ++k) tensors.push_back(tensor_of(k, layers[k], type));
  const auto path = (folder / "model.safetensors").string();
  dgp::io::write_safetensors(path, tensors);
  return path;
}

}  // namespace

TEST_CASE("any number of processes prints what one program prints", "[distributed]") {
  const TemporaryFolder folder;
  support::Random random(41);
  for (int number = 0; number < 5; ++number) {
    CAPTURE(number);
    const auto path =
        written(folder,
                number < 2 ? wide_layers()
                           : support::random_network<float>(random, 1 + random.below(5), 30, false),
                number % 3);
    for (const int processes : {1, 2, 3, 4}) {
      CAPTURE(processes);
      if (number > 1 && processes == 4) continue;
      for (const Arguments& more :
           {Arguments{}, {"--format", "csv"}, {"--format", "json", "--deaths", "--p", "3"}}) {
        if (number > 0 && processes > 1 && more.size() != 5) continue;
        Arguments arguments{path};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const auto result = run(processes, arguments);
        CAPTURE(result.err);
        CHECK(result.exit_code == 0);
        CHECK(result.out == support::successful(DGP_INSPECT, arguments));
      }
    }
  }
}

TEST_CASE("processes tell how much they have told each other", "[distributed]") {
  const TemporaryFolder folder;
  const auto path = written(folder, wide_layers(), 0);
  const auto result = run(2, {path, "--traffic"});
  CHECK(holds(result.err, "dgp-distributed: 2 processes met "));
}

TEST_CASE("one process at fault ends all, with its message and no figures", "[distributed]") {
  const TemporaryFolder folder;
  const auto failed = [&](const support::RunResult& result, const std::string& what) {
    CAPTURE(result.err);
    CHECK(result.exit_code != 0);
    CHECK(result.out.empty());
    CHECK(holds(result.err, what));
  };
  failed(run(2, {(folder / "missing").string()}),
         "dgp-distributed: " + (folder / "missing").string() + ": cannot be opened: no such file");
  failed(run(2, {"--p", "0", "x"}), "p must be a number of at least 1");
  auto layers = wide_layers();
  const auto path = written(folder, layers, 1);
  failed(run(2, {path, "--transpose", "."}), "does not lie row by row in the file");
  // Only one of two sees another file.
  const auto other = support::run_program(
      DGP_DISTRIBUTED, {path},
      environment + DGP_MPIRUN " -n 1 " + support::quoted(DGP_DISTRIBUTED) + " " +
          support::quoted(path) + " : -n 1 " + support::quoted(DGP_DISTRIBUTED) +
          " no-such-file >/dev/null 2>" + support::quoted((folder / "err").string()) +
          "; code=$?; PROGRAM --help >/dev/null; exit $code");
  CHECK(other.exit_code != 0);
  CHECK(holds(support::read_file(folder / "err"),
              "process 1: no-such-file: cannot be opened: no such file"));
  // The last rows are read by one process only.
  layers[0](1399, 3) = std::numeric_limits<float>::quiet_NaN();
  failed(run(3, {written(folder, layers, 1)}), "row 1399, column 3: weight is nan");
}

TEST_CASE("a process that is killed leaves no figures", "[distributed]") {
  const TemporaryFolder folder;
  std::vector<Eigen::MatrixXf> layers;
  support::Random random(42);
  const Eigen::MatrixXf layer =
      support::random_matrix<float>(random, support::Kind::normal, 1000, 1000);
  for (int k = 0; k < 30; ++k) layers.push_back(layer);
  const auto path = written(folder, layers, 1);
  const auto result =
      run(2, {path}, "(sleep 0.4; pkill -KILL -n -f " + support::quoted(path) + ") & ");
  // Unless all was done by then.
  if (result.exit_code == 0) {
    CHECK(result.out == support::successful(DGP_INSPECT, {path}));
  } else {
    CHECK(result.out.empty());
  }
}
#endif
