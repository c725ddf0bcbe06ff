// What the documents show was really printed: their commands are run, in order, and what stands
// below them is compared, "…" standing for any lines.
//
// Numbers may differ in their last digits, which depend on the processor; those of a training, in
// which such differences grow, and times, in all.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/errors.hpp"
#include "../support/run_program.hpp"
#include "../support/safetensors_writer.hpp"

namespace {

using support::holds;
using support::lines_of;
using Lines = std::vector<std::string>;
namespace fs = std::filesystem;

const fs::path source = fs::path(DGP_EXAMPLE_DATA).parent_path().parent_path();

// Fenced blocks without a language, such as commands and what they print.
std::vector<Lines> plain_blocks(const fs::path& document) {
  std::vector<Lines> blocks;
  bool inside = false;
  bool plain = false;
  for (const auto& line : lines_of(support::read_file(document))) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) plain = line == "```";
      if (inside && plain) blocks.emplace_back();
      if (inside && !plain) blocks.push_back({"(of a language)"});
    } else if (inside && plain) {
      blocks.back().push_back(line);
    }
  }
  return blocks;
}

const std::string programs = "build/default/examples/";

// The commands of a block; none where it is no block of commands.
Lines commands_of(const Lines& block) {
  // It ends with this one, behind what installs and builds.
  if (!block.empty() && block[0].starts_with("./examples/quickstart.sh")) {
    return {programs + "dgp-inspect examples/data/digits_64-32-16-10.safetensors"};
  }
  if (block.empty() || !block[0].starts_with(programs)) return {};
  Lines commands;
  bool goes_on = false;
  for (std::string line : block) {
    const bool breaks = line.ends_with("\\");
    if (breaks) line.pop_back();
    if (goes_on) {
      commands.back() += line;
    } else {
      commands.push_back(line);
    }
    goes_on = breaks;
  }
  return commands;
}

std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words{""};
  for (const char c : command) {
    if (c != ' ') words.back() += c;
    if (c == ' ' && !words.back().empty()) words.emplace_back();
  }
  return words;
}

// Whether what a command reads is shipped, or was written by one before it, and it ends soon.
bool can_run(const std::string& command, const fs::path& folder) {
  if (holds(command, "…") || holds(command, "/tmp/") || holds(command, "evaluate")) return false;
  const auto words = words_of(command);
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string option = words[i - 1];
    if (option == "--svg" || option == "--report" || option == "--output") continue;
    const auto extension = fs::path(word).extension();
    const bool is_file = extension == ".safetensors" || extension == ".pt" ||
                         extension == ".onnx" || extension == ".npz" || extension == ".npy";
    if (!is_file || word.starts_with("--")) continue;
    const fs::path parent = fs::path(word).parent_path();
    if (!fs::exists(folder / (holds(word, "*") ? parent : fs::path(word)))) return false;
  }
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A line with '#' for its numbers, and these. Blanks count as one, as columns are as wide as
// numbers make them.
struct Parts {
  std::string text;
  std::vector<double> numbers;
};
Parts parts_of(const std::string& line) {
  Parts parts;
  for (std::size_t i = 0; i < line.size();) {
    const bool is_sign = line[i] == '-' && i + 1 < line.size() && is_digit(line[i + 1]) &&
                         (i == 0 || line[i - 1] == ' ');
    if (!is_digit(line[i]) && !is_sign) {
      const char c = line[i++];
      if (c != ' ' || (!parts.text.empty() && parts.text.back() != ' ')) parts.text += c;
      continue;
    }
    char* end = nullptr;
    parts.numbers.push_back(std::strtod(line.c_str() + i, &end));
    parts.text += '#';
    i = static_cast<std::size_t>(end - line.c_str());
  }
  while (parts.text.ends_with(' ')) parts.text.pop_back();
  return parts;
}

bool alike(const std::string& shown, const std::string& printed, bool numbers_too) {
  const Parts a = parts_of(shown);
  const Parts b = parts_of(printed);
  if (a.text != b.text) return false;
  return !numbers_too || std::equal(a.numbers.begin(), a.numbers.end(), b.numbers.begin(),
                                    b.numbers.end(), [](double x, double y) {
                                      return std::abs(x - y) <= 1e-4 * std::abs(x) + 2e-6;
                                    });
}

// From a line of each on.
bool alike(const Lines& shown, std::size_t s, const Lines& printed, std::size_t p,
           bool numbers_too) {
  if (s == shown.size()) return p == printed.size();
  if (shown[s] == "…") {
    for (std::size_t next = p; next <= printed.size(); ++next) {
      if (alike(shown, s + 1, printed, next, numbers_too)) return true;
    }
    return false;
  }
  return p < printed.size() && alike(shown[s], printed[p], numbers_too) &&
         alike(shown, s + 1, printed, p + 1, numbers_too);
}

}  // namespace

TEST_CASE("what documents show is what programs print", "[programs]") {
  std::size_t compared = 0;
  for (const std::string document : {"README.md", "examples/README.md"}) {
    const support::TemporaryFolder folder;
    fs::create_directories(folder / "build/default");
    fs::create_directory_symlink(fs::path(DGP_INSPECT).parent_path(),
                                 folder / "build/default/examples");
    fs::create_directory_symlink(source / "examples", folder / "examples");
    const auto blocks = plain_blocks(source / document);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      for (const auto& command : commands_of(blocks[b])) {
        if (!can_run(command, folder / "")) break;
        CAPTURE(document, command);
        const auto result = support::run_program(
            "sh", {"-c", command}, "cd " + support::quoted((folder / "").string()) + " && PROGRAM");
        CAPTURE(result.err);
        CHECK(result.exit_code == 0);
        const bool shown = command == commands_of(blocks[b]).back() && b + 1 < blocks.size() &&
                           commands_of(blocks[b + 1]).empty() &&
                           blocks[b + 1][0] != "(of a language)";
        if (!shown) continue;
        ++compared;
        const bool of_training = holds(command, "run/") || holds(command, "dgp-train");
        const Lines printed = lines_of(result.out);
        // What stands above the table is told by "…", or left out.
        std::size_t from = 0;
        while (from < printed.size() && blocks[b + 1][0] != "…" &&
               !alike(blocks[b + 1][0], printed[from], !of_training)) {
          ++from;
        }
        CAPTURE(result.out);
        CHECK(alike(blocks[b + 1], 0, printed, from, !of_training));
      }
    }
  }
  CHECK(compared >= 7);
}
