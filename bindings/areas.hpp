#pragma once

#include <pybind11/pybind11.h>

namespace limbflow::bindings {

/// Each area of the engine binds itself to the module; one source file an area.
void bind_exceptions(pybind11::module_& module);
void bind_units(pybind11::module_& module);
void bind_documents(pybind11::module_& module);
void bind_scenario(pybind11::module_& module);
void bind_strap(pybind11::module_& module);
void bind_run(pybind11::module_& module);
void bind_sweep(pybind11::module_& module);

} // namespace limbflow::bindings
