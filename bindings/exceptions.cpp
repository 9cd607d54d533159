#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <pybind11/pybind11.h>

#include "areas.hpp"
#include "core/diagnostics.hpp"
#include "core/result_store.hpp"
#include "core/units.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

namespace {

/// Sets the Python error to an instance of a class of `limbflow.exceptions`.
template <class... Arguments> void set_error(const char* class_name, Arguments&&... arguments) {
  const py::object type = py::module_::import("limbflow.exceptions").attr(class_name);
  PyErr_SetObject(type.ptr(), type(std::forward<Arguments>(arguments)...).ptr());
}

py::object to_python(const core::Diagnostic& diagnostic) {
  using namespace py::literals;
  return py::module_::import("limbflow.exceptions")
      .attr("Diagnostic")("level"_a = diagnostic.level == core::Level::error ? "error" : "warning",
                          "rule"_a = diagnostic.rule, "message"_a = diagnostic.message, "file"_a = diagnostic.file,
                          "line"_a = diagnostic.line, "column"_a = diagnostic.column, "key"_a = diagnostic.key,
                          "value"_a = diagnostic.value, "accepted"_a = diagnostic.accepted,
                          "nearest"_a = diagnostic.nearest, "hint"_a = diagnostic.hint);
}

py::list to_python(const std::vector<core::Diagnostic>& diagnostics) {
  py::list list;
  for (const core::Diagnostic& diagnostic : diagnostics) {
    list.append(to_python(diagnostic));
  }
  return list;
}

void translate(std::exception_ptr pointer) {
  try {
    if (pointer) {
      std::rethrow_exception(pointer);
    }
  } catch (const py::builtin_exception&) { // a runtime_error too, but pybind11's own
    throw;
  } catch (const core::InputError& error) {
    set_error("InputError", error.what(), to_python(error.diagnostics()));
  } catch (const core::UnitError& error) {
    core::Diagnostic diagnostic;
    diagnostic.rule = error.rule;
    diagnostic.message = error.what();
    diagnostic.accepted = error.accepted;
    diagnostic.nearest = error.nearest;
    diagnostic.hint = error.hint;
    set_error("InputError", core::render(diagnostic), to_python({diagnostic}));
  } catch (const core::StorageError& error) {
    set_error("StorageError", error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    set_error("StorageError", error.what());
  } catch (const std::runtime_error& error) {
    set_error("ComputationError", error.what());
  } catch (const std::invalid_argument& error) {
    set_error("InputError", "error: " + std::string(error.what()));
  }
}

} // namespace

void bind_exceptions(py::module_&) { py::register_local_exception_translator(&translate); }

} // namespace limbflow::bindings
