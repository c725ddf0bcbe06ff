// The figures of one checkpoint.
//
// in:  the files of a model, and what is asked for
// out: its measures layer by layer, those of the network, and why one of them is not defined
#pragma once

#include <dgp/analysis/shuffle_null.hpp>

#include "../checkpoint.hpp"
#include "../console.hpp"
#include "options.hpp"
#include "report.hpp"

namespace inspect {

// `nulls` where the layers are to be compared with their shuffles. Throws std::runtime_error where
// the model cannot be read or measured.
Report inspect(const checkpoint::Model& model, const Options& options, console::Progress& progress,
               dgp::ShuffleNulls* nulls = nullptr);

}  // namespace inspect
