// dgp: the topology of neural networks, for Python.
#include "arguments.hpp"

PYBIND11_MODULE(dgp, module) {
  module.doc() =
      "Neural persistence and deep graph persistence of neural networks.\n\n"
      "Layers are NumPy arrays (fan_out x fan_in) of floats or doubles, in any order of memory,\n"
      "which are looked at where they are; or a mapping such as model.state_dict(). Wrong values\n"
      "are a ValueError, files that cannot be read an OSError. While dgp measures, other\n"
      "threads of Python run: they must not change what it looks at.";
  module.attr("__version__") = DGP_VERSION;
  python::add_measures(module);
  python::add_graphs(module);
  python::add_monitoring(module);
  python::add_files(module);
}
