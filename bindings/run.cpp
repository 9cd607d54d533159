#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "areas.hpp"
#include "arrays.hpp"
#include "caller.hpp"
#include "core/model.hpp"
#include "core/result_store.hpp"
#include "models/limb.hpp"
#include "models/run.hpp"
#include "provenance.hpp"
#include "summaries.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

namespace {

using Numbers = py::array_t<double, py::array::c_style>;
using Integers = py::array_t<std::int64_t, py::array::c_style>;
/// name, unit, long name, dimensions, values
using FileVariable = std::tuple<std::string, std::string, std::string, std::vector<std::string>,
                                std::variant<Numbers, Integers, std::vector<std::string>>>;

void write_run(const std::string& path, const models::Scenario& scenario, const std::vector<FileVariable>& variables) {
  std::vector<core::Variable> arrays;
  for (const auto& [name, unit, long_name, dimensions, values] : variables) {
    core::Variable variable{name, unit, long_name, dimensions, {}};
    if (const auto* texts = std::get_if<std::vector<std::string>>(&values)) {
      variable.values = std::span<const std::string>(*texts);
    } else if (const auto* numbers = std::get_if<Numbers>(&values)) {
      variable.values = std::span<const double>(numbers->data(), static_cast<std::size_t>(numbers->size()));
    } else {
      const auto& integers = std::get<Integers>(values);
      variable.values = std::span<const std::int64_t>(integers.data(), static_cast<std::size_t>(integers.size()));
    }
    arrays.push_back(std::move(variable));
  }
  const core::Provenance provenance = provenance_of(scenario, scenario.title);
  const py::gil_scoped_release released;
  core::write_run(path, provenance, arrays);
}

models::RunResult run(const models::Scenario& scenario, bool waveforms, py::object progress,
                      std::optional<std::vector<std::string>> signals) {
  Caller caller(std::move(progress));
  std::optional<models::RunResult> result;
  {
    const py::gil_scoped_release released;
    models::RunOptions options;
    options.cancel = [&caller] { return caller.cancelled(); };
    options.progress = [&caller](double fraction) { caller.report(fraction); };
    options.waveforms = waveforms;
    options.signals = std::move(signals);
    result = models::run(scenario, options);
    if (result->report.outcome == core::Outcome::completed) {
      caller.report(1);
    }
  }
  caller.rethrow();
  return std::move(*result);
}

} // namespace

void bind_run(py::module_& module) {
  py::class_<core::SignalInfo>(module, "SignalInfo", "Name, unit and meaning of a signal.")
      .def_property_readonly("name", [](const core::SignalInfo& self) { return std::string(self.name); })
      .def_property_readonly("unit", [](const core::SignalInfo& self) { return std::string(self.unit); })
      .def_property_readonly("long_name", [](const core::SignalInfo& self) { return std::string(self.long_name); });

  py::class_<core::StateInfo>(module, "StateInfo", "Name, unit, usual magnitude and bounds of a state.")
      .def_property_readonly("name", [](const core::StateInfo& self) { return std::string(self.name); })
      .def_property_readonly("unit", [](const core::StateInfo& self) { return std::string(self.unit); })
      .def_readonly("scale", &core::StateInfo::scale)
      .def_readonly("lower", &core::StateInfo::lower)
      .def_readonly("upper", &core::StateInfo::upper);

  py::class_<core::WorstState>(module, "WorstState", "A state that held a run back.")
      .def_readonly("name", &core::WorstState::name)
      .def_readonly("unit", &core::WorstState::unit)
      .def_readonly("value", &core::WorstState::value)
      .def_readonly("weighted_error", &core::WorstState::weighted_error)
      .def(py::pickle([](const core::WorstState& self) { return py::make_tuple(self.name, self.unit, self.value, self.weighted_error); },
                      [](const py::tuple& state) {
                        return core::WorstState{state[0].cast<std::string>(), state[1].cast<std::string>(), state[2].cast<double>(),
                                                state[3].cast<double>()};
                      }));

  py::class_<core::RunReport>(module, "RunReport", "How a run ended.")
      .def_property_readonly("outcome", [](const core::RunReport& self) { return std::string(core::to_string(self.outcome)); })
      .def_property_readonly("failed", [](const core::RunReport& self) { return core::is_failure(self.outcome); })
      .def_readonly("time", &core::RunReport::time)
      .def_readonly("segment", &core::RunReport::segment)
      .def_readonly("worst", &core::RunReport::worst)
      .def_readonly("steps", &core::RunReport::steps)
      .def_readonly("rejected", &core::RunReport::rejected)
      .def_property_readonly("text", &core::RunReport::describe)
      .def(py::pickle(
          [](const core::RunReport& self) {
            return py::make_tuple(static_cast<int>(self.outcome), self.time, self.segment, self.event, self.worst, self.steps,
                                  self.rejected, self.rhs_evaluations);
          },
          [](const py::tuple& state) {
            core::RunReport report;
            report.outcome = static_cast<core::Outcome>(state[0].cast<int>());
            report.time = state[1].cast<double>();
            report.segment = state[2].cast<std::string>();
            report.event = state[3].cast<std::string>();
            report.worst = state[4].cast<std::vector<core::WorstState>>();
            report.steps = state[5].cast<std::size_t>();
            report.rejected = state[6].cast<std::size_t>();
            report.rhs_evaluations = state[7].cast<std::size_t>();
            return report;
          }));

  using Summary = models::RunResult::Summary;
  py::class_<Summary>(module, "Summary", "A number kept of one part of a run.")
      .def_property_readonly("name", &variable_name)
      .def_property_readonly("scope", &scope_name)
      .def_readonly("unit", &Summary::unit)
      .def_readonly("value", &Summary::value);

  using SegmentRow = models::RunResult::SegmentRow;
  py::class_<SegmentRow>(module, "SegmentRow", "A part of the protocol.")
      .def_readonly("begin", &SegmentRow::begin)
      .def_readonly("end", &SegmentRow::end)
      .def_readonly("label", &SegmentRow::label)
      .def_readonly("set", &SegmentRow::set);

  using MeasurementResult = models::RunResult::MeasurementResult;
  py::class_<MeasurementResult>(module, "MeasurementResult", "What a virtual test found.")
      .def_readonly("kind", &MeasurementResult::kind)
      .def_readonly("time", &MeasurementResult::time)
      .def_readonly("value", &MeasurementResult::value)
      .def_readonly("unit", &MeasurementResult::unit);

  py::class_<models::RunResult>(module, "RunResult", "Everything recorded of a run.")
      .def_property_readonly("time",
                             [](py::object self) {
                               const auto& result = self.cast<const models::RunResult&>();
                               return view_of(result.time, {static_cast<py::ssize_t>(result.time.size())}, self);
                             })
      .def_property_readonly("data",
                             [](py::object self) {
                               const auto& result = self.cast<const models::RunResult&>();
                               return view_of(result.data,
                                              {static_cast<py::ssize_t>(result.signals.size()),
                                               static_cast<py::ssize_t>(result.time.size())},
                                              self);
                             })
      .def_readonly("signals", &models::RunResult::signals)
      .def_property_readonly("fibre_data",
                             [](py::object self) {
                               const auto& result = self.cast<const models::RunResult&>();
                               return view_of(result.fibre_data,
                                              {static_cast<py::ssize_t>(result.fibre_signals.size()),
                                               static_cast<py::ssize_t>(models::fibre_classes),
                                               static_cast<py::ssize_t>(result.time.size())},
                                              self);
                             })
      .def_readonly("fibre_signals", &models::RunResult::fibre_signals)
      .def_readonly("summaries", &models::RunResult::summaries)
      .def("long_name", &long_name, py::arg("summary"))
      .def_readonly("segments", &models::RunResult::segments)
      .def_readonly("measurements", &models::RunResult::measurements)
      .def_readonly("report", &models::RunResult::report);

  module.def("run", &run, py::arg("scenario"), py::arg("waveforms"), py::arg("progress"),
             py::arg("signals") = py::none(),
             "Simulate a scenario; `progress` is called with the fraction done. `signals` names those to keep, all if None. Without "
             "the GIL; sees Ctrl-C.");
  module.def("write_run", &write_run, py::arg("path"), py::arg("scenario"), py::arg("variables"),
             "Write a run file from (name, unit, long name, dimensions, values) of each variable. Raises StorageError.");
  module.def(
      "check_result",
      [](const std::string& path) {
        try {
          core::read_header(path);
          return std::string();
        } catch (const core::StorageError& error) {
          return error.reason();
        }
      },
      py::arg("path"), py::call_guard<py::gil_scoped_release>(),
      "Why a file is not a whole result of limbflow, or nothing. It is read in a process of its own first: HDF5 can crash on damaged files.");
  module.def(
      "signals",
      [] {
        const auto infos = models::AveragedLimb::signals();
        return std::vector<core::SignalInfo>(infos.begin(), infos.end());
      },
      "The signals of a run.");
  module.def(
      "fibre_signals", [] { return std::vector<core::SignalInfo>(models::fibre_signals.begin(), models::fibre_signals.end()); },
      "The signals of each fibre class of a run.");
  module.attr("fibre_classes") = py::cast(models::fibre_class_names);
  module.def(
      "states",
      [] {
        const auto infos = models::AveragedLimb::states();
        return std::vector<core::StateInfo>(infos.begin(), infos.end());
      },
      "The states of the limb.");
  module.def("parameters_seen", &models::parameters_seen, py::arg("scenario"), py::call_guard<py::gil_scoped_release>(),
             "Names of the parameters that a run of this scenario depends on.");
  module.def("session_numbers", &models::session_numbers,
             "What every run gives besides summaries of its signals.");
}

} // namespace limbflow::bindings
