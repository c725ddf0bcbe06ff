// The engine for one scalar type, DGP_ENGINE_OF.
#include "engine.hpp"

namespace dgp::detail {

DGP_INSTANCES(, DGP_ENGINE_OF)

}  // namespace dgp::detail
