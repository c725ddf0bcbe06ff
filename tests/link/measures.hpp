// What both translation units compute, each with its own copy of the library's inline functions.
#pragma once

#include <filesystem>
#include <vector>

std::vector<double> measures_here(const std::filesystem::path& model);
std::vector<double> measures_in_the_other_unit(const std::filesystem::path& model);
