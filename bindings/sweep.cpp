#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "areas.hpp"
#include "arrays.hpp"
#include "caller.hpp"
#include "core/result_store.hpp"
#include "core/sweep.hpp"
#include "models/limb.hpp"
#include "models/run.hpp"
#include "provenance.hpp"
#include "summaries.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

namespace {

/// What a sweep found. Without a file, arrays over the axes of its plan; with one they are in the file and empty here.
struct SweepArrays {
  std::vector<py::ssize_t> shape;
  std::vector<std::vector<double>> values; ///< [summary][member]
  std::vector<std::int8_t> statuses;       ///< core::MemberStatus of each member
  std::vector<std::string> messages;
  std::size_t left = 0;     ///< members still to be run
  bool interrupted = false; ///< by Ctrl-C, be it after the last member
};

/// Runs members of a sweep of one scenario side by side, from many threads.
class MemberRunner {
public:
  MemberRunner(const models::Scenario& base, const core::SweepPlan& plan, const std::vector<core::SummaryInfo>& summaries)
      : base_(base), plan_(plan) {
    for (std::size_t i = 0; i < summaries.size(); ++i) {
      column_of_[summaries[i].name] = i;
    }
    for (const core::SignalInfo& signal : models::AveragedLimb::signals()) {
      const std::string start = std::string(signal.name) + "_";
      const auto summary = column_of_.lower_bound(start);
      if (summary != column_of_.end() && summary->first.starts_with(start)) {
        signals_.emplace_back(signal.name);
      }
    }
  }

  void operator()(std::size_t begin, std::span<core::SummaryRow> rows, const std::function<void(std::size_t)>& over) {
    std::size_t next = 0;
    const auto next_job = [&]() -> std::unique_ptr<models::RunJob> {
      while (next < rows.size() && !rows[next].stop.stop_requested()) {
        const std::size_t row = next++;
        try {
          return std::make_unique<Job>(row, scenario_of(begin + row), signals_, rows[row].stop);
        } catch (const std::exception& error) {
          fail(rows[row], error.what());
          over(row);
        }
      }
      return nullptr;
    };
    const auto take = [&](std::unique_ptr<models::RunJob> job) {
      const std::size_t row = static_cast<const Job&>(*job).row;
      write(*job, rows[row]);
      over(row);
    };
    models::run_side_by_side(next_job, take);
  }

private:
  struct Job : models::RunJob {
    Job(std::size_t of_row, models::Scenario of, const std::vector<std::string>& signals, std::stop_token stop)
        : row(of_row), member(std::move(of)) {
      scenario = &member;
      options.keep_traces = false;
      options.signals = signals;
      options.cancel = [stop = std::move(stop)] { return stop.stop_requested(); };
    }
    std::size_t row;
    models::Scenario member;
  };

  models::Scenario scenario_of(std::size_t member) const {
    const auto settings = plan_.settings(member);
    return models::with(base_, {settings.begin(), settings.end()});
  }

  static void fail(core::SummaryRow& row, std::string why) {
    row.status = core::MemberStatus::failed;
    row.message = std::move(why);
  }

  void write(const models::RunJob& job, core::SummaryRow& row) const {
    if (job.error) {
      try {
        std::rethrow_exception(job.error);
      } catch (const std::exception& error) {
        fail(row, error.what());
      }
      return;
    }
    row.status = core::status_of(job.result.report.outcome);
    if (!core::is_success(row.status)) {
      row.message = job.result.report.describe();
    }
    for (const auto& summary : job.result.summaries) {
      if (const auto column = column_of_.find(column_name(summary)); column != column_of_.end()) {
        row.values[column->second] = summary.value;
      }
    }
  }

  const models::Scenario& base_;
  const core::SweepPlan& plan_;
  std::map<std::string, std::size_t, std::less<>> column_of_;
  std::vector<std::string> signals_; ///< those that a kept summary is of
};

/// The summaries that a run of this scenario gives, each with its part of the session.
std::vector<std::pair<core::SummaryInfo, std::string>> summaries_of(const models::Scenario& scenario) {
  Caller caller(py::none{});
  models::RunResult result;
  {
    const py::gil_scoped_release released;
    models::RunOptions options;
    options.keep_traces = false;
    options.cancel = [&caller] { return caller.cancelled(); };
    result = models::run(scenario, options);
  }
  caller.rethrow();
  std::vector<std::pair<core::SummaryInfo, std::string>> infos;
  for (const auto& summary : result.summaries) {
    const std::string meaning = long_name(result, summary);
    infos.push_back({{column_name(summary), summary.unit, scope_name(summary) == "session" ? meaning : meaning + ", " + summary.scope}, scope_name(summary)});
  }
  return infos;
}

/// The scenario with each of the people, cuffs, ... that axes name: what the name stands for may change while it stays.
std::vector<std::string> named_inputs(const models::Scenario& base, const core::SweepPlan& plan) {
  std::vector<std::string> texts;
  for (const core::Axis& axis : plan.axes()) {
    for (const core::Coordinate& coordinate : axis.coordinates) {
      for (const std::string& label : coordinate.labels) {
        try {
          texts.push_back(models::with(base, {{coordinate.key, label}}).text);
        } catch (const core::InputError& error) { // may be fine together with other axes
          texts.emplace_back(error.what());
        }
      }
    }
  }
  return texts;
}

std::vector<py::ssize_t> shape_of(const core::SweepPlan& plan) {
  const auto shape = plan.shape();
  return {shape.begin(), shape.end()};
}

SweepArrays sweep(const models::Scenario& base, const std::string& title, const core::SweepPlan& plan, const std::vector<core::SummaryInfo>& summaries,
                  const std::optional<std::string>& path, unsigned threads, py::object progress) {
  Caller caller(std::move(progress));
  SweepArrays arrays;
  {
    const py::gil_scoped_release released;
    std::optional<core::SweepStore> store;
    if (path) {
      core::Provenance provenance = provenance_of(base, title);
      provenance.inputs = named_inputs(base, plan);
      store = core::SweepStore::create_or_resume(*path, plan, summaries, provenance);
    } else {
      arrays.shape = shape_of(plan);
      arrays.values.assign(summaries.size(), std::vector<double>(plan.size(), std::numeric_limits<double>::quiet_NaN()));
      arrays.statuses.assign(plan.size(), static_cast<std::int8_t>(core::MemberStatus::pending));
      arrays.messages.resize(plan.size());
    }
    core::SweepOptions options;
    options.threads = threads;
    options.cancel = [&caller] { return caller.cancelled(); };
    options.progress = [&caller](const core::SweepProgress& done) {
      caller.report(static_cast<double>(done.finished) / static_cast<double>(done.total));
    };
    if (store) {
      options.already_done = [&store](std::size_t member) { return !store->is_pending(member); };
    }
    MemberRunner runner(base, plan, summaries);
    const core::SweepReport report =
        core::run_sweep_in_groups(plan, summaries.size(), std::ref(runner), options, [&](const core::SweepRows& rows) {
          if (store) {
            store->write(rows);
            return;
          }
          for (std::size_t row = 0; row < rows.size(); ++row) {
            const auto values = rows.values_of(row);
            for (std::size_t i = 0; i < values.size(); ++i) {
              arrays.values[i][rows.begin + row] = values[i];
            }
            arrays.statuses[rows.begin + row] = static_cast<std::int8_t>(rows.statuses[row]);
            arrays.messages[rows.begin + row] = rows.messages[row];
          }
        });
    if (store) {
      store->finish();
    }
    arrays.left = report.left;
  }
  arrays.interrupted = caller.interrupted();
  if (!arrays.interrupted) {
    caller.rethrow();
  }
  return arrays;
}

/// An axis as read from text, as a dimension of a result.
core::Axis to_axis(const models::SweepAxis& axis, const std::string& dimension) {
  if (axis.unit.empty()) {
    return core::label_axis(dimension, axis.key, axis.texts);
  }
  return core::list_axis(dimension, axis.key, axis.unit == "1" ? "" : axis.unit, axis.values);
}

/// A dotted key as the name of a dimension: `cuff_pressure`; a value of the exercise or a parameter by its own name alone: `load`.
std::string dimension_name(std::string key) {
  for (const std::string_view table : {"exercise.", "parameters."}) {
    if (key.starts_with(table)) {
      key.erase(0, table.size());
    }
  }
  std::replace(key.begin(), key.end(), '.', '_');
  return key;
}

} // namespace

void bind_sweep(py::module_& module) {
  py::class_<core::Coordinate>(module, "Coordinate", "One quantity along an axis of a sweep.")
      .def_readonly("name", &core::Coordinate::name)
      .def_readonly("key", &core::Coordinate::key)
      .def_readonly("unit", &core::Coordinate::unit)
      .def_property_readonly("points", [](const core::Coordinate& self) -> py::object {
        return self.labels.empty() ? py::object(to_array(std::vector<double>(self.values))) : py::cast(self.labels);
      });
  py::class_<core::Axis>(module, "Axis", "One dimension of a sweep.")
      .def_readonly("name", &core::Axis::name)
      .def_readonly("coordinates", &core::Axis::coordinates)
      .def("__len__", &core::Axis::size);
  module.def(
      "parse_axis",
      [](const models::Scenario& scenario, const std::string& dimension, const std::string& key, const std::string& text) {
        return to_axis(models::parse_axis(scenario, key, text), dimension);
      },
      py::arg("scenario"), py::arg("dimension"), py::arg("key"), py::arg("text"));
  module.def(
      "make_axis",
      [](const models::Scenario& scenario, const std::string& dimension, const std::string& key,
         const std::vector<std::string>& points) { return to_axis(models::make_axis(scenario, key, points), dimension); },
      py::arg("scenario"), py::arg("dimension"), py::arg("key"), py::arg("points"));
  module.def(
      "load_sweep",
      [](const std::string& path_or_name) {
        const models::SweepSpec spec = models::load_sweep(path_or_name);
        std::vector<core::Axis> axes;
        for (const models::SweepAxis& axis : spec.axes) {
          axes.push_back(to_axis(axis, dimension_name(axis.key)));
        }
        return std::tuple(spec.base, axes, spec.title);
      },
      py::arg("path_or_name"), "The scenario of a sweep file, its axes and its title.");

  py::class_<core::SweepPlan>(module, "SweepPlan", "Every combination of the points of some axes, the last axis fastest.")
      .def(py::init<std::vector<core::Axis>>(), py::arg("axes"))
      .def_property_readonly("axes", &core::SweepPlan::axes)
      .def_property_readonly("shape", [](const core::SweepPlan& self) { return py::tuple(py::cast(self.shape())); })
      .def("settings", &core::SweepPlan::settings, py::arg("member"))
      .def("__len__", &core::SweepPlan::size);

  py::class_<core::SummaryInfo>(module, "SummaryInfo", "A number that a sweep keeps of each member.")
      .def_readonly("name", &core::SummaryInfo::name)
      .def_readonly("unit", &core::SummaryInfo::unit)
      .def_readonly("long_name", &core::SummaryInfo::long_name);

  py::class_<SweepArrays>(module, "SweepArrays", "What a sweep found, over the axes of its plan.")
      .def_readonly("left", &SweepArrays::left, "Members that are still to be run.")
      .def_readonly("interrupted", &SweepArrays::interrupted, "Whether Ctrl-C was pressed.")
      .def("values",
           [](py::object self, std::size_t summary) {
             const auto& arrays = self.cast<const SweepArrays&>();
             return view_of(arrays.values.at(summary), arrays.shape, self);
           },
           py::arg("summary"))
      .def_property_readonly("statuses",
                             [](py::object self) {
                               const auto& arrays = self.cast<const SweepArrays&>();
                               if (arrays.shape.empty()) {
                                 throw std::out_of_range("the sweep is in its file");
                               }
                               return view_of(arrays.statuses, arrays.shape, self);
                             })
      .def_readonly("messages", &SweepArrays::messages);

  module.def("summaries", &summaries_of, py::arg("scenario"), "The numbers that a run of this scenario gives, as a sweep names them, each with its part of the session.");
  module.def("sweep", &sweep, py::arg("scenario"), py::arg("title"), py::arg("plan"), py::arg("summaries"), py::arg("path"), py::arg("threads"),
             py::arg("progress"),
             "Run every member; into the file at `path`, going on with it if it is there, or else into memory. Without the GIL; Ctrl-C "
             "ends it with what is finished kept.");
  module.def(
      "member_statuses",
      [] {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < core::member_status_count; ++i) {
          names.emplace_back(core::to_string(static_cast<core::MemberStatus>(i)));
        }
        return names;
      },
      "Names of the values of `status`, in order.");
}

} // namespace limbflow::bindings
