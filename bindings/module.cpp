#include <pybind11/pybind11.h>

#include "areas.hpp"

PYBIND11_MODULE(_engine, module) {
  module.doc() = "The limbflow engine. Use it through the package limbflow.";
  limbflow::bindings::bind_exceptions(module);
  limbflow::bindings::bind_units(module);
  limbflow::bindings::bind_documents(module);
  limbflow::bindings::bind_scenario(module);
  limbflow::bindings::bind_strap(module);
  limbflow::bindings::bind_run(module);
  limbflow::bindings::bind_sweep(module);
}
