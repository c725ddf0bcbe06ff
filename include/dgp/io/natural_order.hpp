// The order in which the readers list tensors: natural_less(a, b) for two names, with runs of
// digits compared as numbers, so that layers.10 follows layers.2. To sort names of your own
// likewise, those of a network's checkpoints for one.
#pragma once

#include <dgp/detail/natural_order.hpp>

namespace dgp::io {

using dgp::detail::natural_less;

}  // namespace dgp::io
