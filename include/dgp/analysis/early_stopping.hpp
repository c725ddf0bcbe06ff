// Early stopping by neural persistence (Rieck et al. 2019, section on early stopping).
//
// in:  one value per check, for example np.mean_normalized every quarter epoch
// out: whether to stop training, and why
//
// No validation data are needed. Rieck et al. watch the mean normalised neural persistence, which
// grows while a network learns: after a burn-in, training stops when it has not risen by more than
// `delta` for `patience` checks. Mind that it mostly tracks the variance of the weights.
#pragma once

#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>

#include <dgp/detail/keys/special_values.hpp>

namespace dgp {

// All counts in checks; b, g and delta as in the paper.
struct EarlyStoppingOptions {
  std::size_t burn_in = 10;  // b: checks before the first that counts
  std::size_t patience = 4;  // g: checks without a rise that end the training; at least 1
  double delta = 0;          // a rise must be larger; finite, at least 0
};

// What is said after each check.
struct EarlyStoppingVerdict {
  bool stop;               // whether training should end
  std::size_t best_check;  // the check with the highest value that counted as a rise, from 0
  double best;             // its value
  std::string reason;      // one line for a log
};

// The rule, and what it remembers of the checks so far.
class EarlyStopping {
 public:
  // Throws std::invalid_argument for a patience of 0 and for a delta that is negative or not
  // finite.
  explicit EarlyStopping(const EarlyStoppingOptions& options = {}) : options_(options) {
    if (options.patience == 0) {
      throw std::invalid_argument("early stopping: patience must be at least 1 check");
    }
    if (!detail::is_finite(options.delta) || options.delta < 0) {
      throw std::invalid_argument("early stopping: delta must be a number of at least 0");
    }
  }

  // Takes the value of one more check. Once it says stop, it does so for every later check, until
  // the value rises again. Throws std::invalid_argument for a value that is not finite.
  EarlyStoppingVerdict check(double value) {
    if (!detail::is_finite(value)) {
      throw std::invalid_argument("early stopping: check " + std::to_string(checks_) +
                                  ": the value is not finite");
    }
    const std::size_t check = checks_++;
    const bool counts = check >= options_.burn_in;
    const bool rises = value > best_ + options_.delta;
    // What happens during the burn-in is forgotten: the first check after it sets the mark.
    if (rises || check <= options_.burn_in) {
      best_ = value;
      best_check_ = check;
    }
    const std::size_t waited = check - best_check_;
    std::ostringstream reason;
    if (!counts) {
      reason << "check " << check << ": burn-in of " << options_.burn_in << " checks";
    } else if (waited == 0) {
      reason << "check " << check << ": " << value << " is the best so far";
    } else {
      reason << "no rise by more than " << options_.delta << " over " << best_ << " of check "
             << best_check_ << " for " << waited << " checks (patience " << options_.patience
             << ")";
    }
    return {counts && waited >= options_.patience, best_check_, best_, reason.str()};
  }

 private:
  EarlyStoppingOptions options_;
  std::size_t checks_ = 0;
  std::size_t best_check_ = 0;
  double best_ = 0;
};

}  // namespace dgp
