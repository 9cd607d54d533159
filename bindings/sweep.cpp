#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
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
#include "core/diagnostics.hpp"
#include "core/result_store.hpp"
#include "core/sweep.hpp"
#include "core/units.hpp"
#include "models/limb.hpp"
#include "models/run.hpp"
#include "models/sweep_axes.hpp"
#include "provenance.hpp"
#include "summaries.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

namespace {

/// A number of each member, as the rows of a range of members hold it.
using Rows = py::array_t<double, py::array::c_style>;
using Statuses = py::array_t<std::int8_t, py::array::c_style>;

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
      if (coordinate.key.find('.') != std::string::npos) { // a value of a table, never a file
        continue;
      }
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

/// Where the members of a sweep land: the file at a path, which is gone on with if it is there, or arrays over the axes of its plan.
/// Threads may call it side by side: Python's do, while none holds the GIL.
class SweepResult {
public:
  SweepResult(const models::Scenario& base, const std::string& title, core::SweepPlan plan, std::vector<core::SummaryInfo> summaries,
              const std::optional<std::string>& path)
      : plan_(std::move(plan)), summaries_(std::move(summaries)) {
    if (path) {
      core::Provenance provenance = provenance_of(base, title);
      provenance.inputs = named_inputs(base, plan_);
      store_ = core::SweepStore::create_or_resume(*path, plan_, summaries_, provenance);
      in_file_ = true;
      return;
    }
    values_.assign(summaries_.size(), std::vector<double>(plan_.size(), std::numeric_limits<double>::quiet_NaN()));
    statuses_.assign(plan_.size(), core::MemberStatus::pending);
    messages_.resize(plan_.size());
  }

  const core::SweepPlan& plan() const { return plan_; }
  const std::vector<core::SummaryInfo>& summaries() const { return summaries_; }
  bool is_pending(std::size_t member) const {
    const std::lock_guard lock(mutex_);
    require_open();
    return store_ ? store_->is_pending(member) : statuses_[member] == core::MemberStatus::pending;
  }
  std::size_t left() const {
    const std::lock_guard lock(mutex_);
    return count_left();
  }

  void write(const core::SweepRows& rows) {
    const std::lock_guard lock(mutex_);
    require_open();
    if (store_) {
      store_->write(rows);
      return;
    }
    if (rows.begin > plan_.size() || rows.size() > plan_.size() - rows.begin || rows.summary_count != summaries_.size()) {
      throw std::invalid_argument("rows do not fit the sweep");
    }
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto values = rows.values_of(row);
      for (std::size_t i = 0; i < values.size(); ++i) {
        values_[i][rows.begin + row] = values[i];
      }
      statuses_[rows.begin + row] = rows.statuses[row];
      messages_[rows.begin + row] = rows.messages[row];
    }
  }

  /// Marks a file complete if it is.
  void finish() {
    const std::lock_guard lock(mutex_);
    if (store_) {
      store_->finish();
    }
  }

  /// Lets go of the file.
  void close() {
    const std::lock_guard lock(mutex_);
    if (store_) {
      left_ = count_left();
      store_.reset();
    }
  }

  /// Shows what is written later, too.
  const std::vector<double>& values(std::size_t summary) const {
    require_memory();
    return values_.at(summary);
  }
  std::vector<std::int8_t> statuses() const {
    const std::lock_guard lock(mutex_);
    require_memory();
    std::vector<std::int8_t> codes;
    std::transform(statuses_.begin(), statuses_.end(), std::back_inserter(codes),
                   [](core::MemberStatus status) { return static_cast<std::int8_t>(status); });
    return codes;
  }
  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    require_memory();
    return messages_;
  }

private:
  std::size_t count_left() const {
    if (in_file_ && !store_) {
      return left_;
    }
    const auto& statuses = store_ ? store_->statuses() : statuses_;
    return static_cast<std::size_t>(std::count(statuses.begin(), statuses.end(), core::MemberStatus::pending));
  }
  void require_memory() const {
    if (in_file_) {
      throw std::out_of_range("the sweep is in its file");
    }
  }
  void require_open() const {
    if (in_file_ && !store_) {
      throw std::invalid_argument("the sweep's file is closed");
    }
  }

  core::SweepPlan plan_;
  std::vector<core::SummaryInfo> summaries_;
  mutable std::mutex mutex_; ///< of what is below
  std::optional<core::SweepStore> store_;
  bool in_file_ = false;
  std::size_t left_ = 0; ///< of a file that was closed
  std::vector<std::vector<double>> values_; ///< [summary][member]
  std::vector<core::MemberStatus> statuses_;
  std::vector<std::string> messages_;
};

/// Runs the members that are pending; false if Ctrl-C ended it, be it after the last one.
bool sweep(const models::Scenario& base, SweepResult& result, unsigned threads, py::object progress) {
  Caller caller(std::move(progress));
  {
    const py::gil_scoped_release released;
    core::SweepOptions options;
    options.threads = threads;
    options.cancel = [&caller] { return caller.cancelled(); };
    options.progress = [&caller](const core::SweepProgress& done) {
      caller.report(static_cast<double>(done.finished) / static_cast<double>(done.total));
    };
    options.already_done = [&result](std::size_t member) { return !result.is_pending(member); };
    MemberRunner runner(base, result.plan(), result.summaries());
    core::run_sweep_in_groups(result.plan(), result.summaries().size(), std::ref(runner), options,
                              [&result](const core::SweepRows& rows) { result.write(rows); });
    result.finish();
  }
  if (caller.interrupted()) {
    return false;
  }
  caller.rethrow();
  return true;
}

/// Members `begin` to `end` of a sweep, for a worker that has no result of its own: values [member][summary], statuses, messages.
std::tuple<Rows, Statuses, std::vector<std::string>> run_members(const models::Scenario& base, const core::SweepPlan& plan,
                                                                 const std::vector<core::SummaryInfo>& summaries, std::size_t begin,
                                                                 std::size_t end) {
  if (begin >= end || end > plan.size()) {
    throw std::invalid_argument("no such members");
  }
  Caller caller(py::none{});
  std::vector<double> values((end - begin) * summaries.size());
  std::vector<std::int8_t> statuses(end - begin);
  std::vector<std::string> messages(end - begin);
  {
    const py::gil_scoped_release released;
    core::SweepOptions options;
    options.threads = 1;
    options.chunk = end - begin;
    options.cancel = [&caller] { return caller.cancelled(); };
    options.already_done = [begin, end](std::size_t member) { return member < begin || member >= end; };
    MemberRunner runner(base, plan, summaries);
    core::run_sweep_in_groups(plan, summaries.size(), std::ref(runner), options, [&](const core::SweepRows& rows) {
      const std::size_t first = rows.begin - begin;
      std::copy(rows.values.begin(), rows.values.end(), values.begin() + static_cast<std::ptrdiff_t>(first * summaries.size()));
      for (std::size_t row = 0; row < rows.size(); ++row) {
        statuses[first + row] = static_cast<std::int8_t>(rows.statuses[row]);
        messages[first + row] = rows.messages[row];
      }
    });
  }
  caller.rethrow();
  const auto members = static_cast<py::ssize_t>(end - begin);
  return {to_array(std::move(values), {members, static_cast<py::ssize_t>(summaries.size())}), to_array(std::move(statuses)),
          std::move(messages)};
}

/// Rows as `run_members` gives them, into a result.
void write_members(SweepResult& result, std::size_t begin, const Rows& values, const Statuses& statuses,
                   const std::vector<std::string>& messages) {
  core::SweepRows rows;
  rows.begin = begin;
  rows.summary_count = result.summaries().size();
  if (static_cast<std::size_t>(values.size()) != rows.summary_count * messages.size() ||
      static_cast<std::size_t>(statuses.size()) != messages.size()) {
    throw std::invalid_argument("rows do not fit the sweep");
  }
  rows.values.assign(values.data(), values.data() + values.size());
  for (py::ssize_t row = 0; row < statuses.size(); ++row) {
    const std::int8_t code = statuses.data()[row];
    if (code < 0 || code >= static_cast<int>(core::member_status_count)) {
      throw std::invalid_argument("unknown status of a member");
    }
    rows.statuses.push_back(static_cast<core::MemberStatus>(code));
  }
  rows.messages = messages;
  const py::gil_scoped_release released;
  result.write(rows);
}

/// Stretches of members that are still to be run, of `chunk` at most.
std::vector<std::pair<std::size_t, std::size_t>> pending_ranges(const SweepResult& result, std::size_t chunk) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (std::size_t member = 0; member < result.plan().size(); ++member) {
    if (!result.is_pending(member)) {
      continue;
    }
    if (!ranges.empty() && ranges.back().second == member && ranges.back().second - ranges.back().first < chunk) {
      ++ranges.back().second;
    } else {
      ranges.emplace_back(member, member + 1);
    }
  }
  return ranges;
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

/// One of several quantities that move together along an axis. A point may be there twice, and need not be possible alone.
core::Coordinate to_coordinate(const models::Scenario& scenario, const std::string& name, const std::string& key,
                               const std::vector<std::string>& texts) {
  core::Coordinate coordinate{name, models::canonical_key(scenario, key), "", {}, {}};
  std::string unit;
  try {
    for (const std::string& text : texts) {
      const core::Quantity value = core::parse_quantity(text);
      if (unit.empty()) {
        unit = value.unit;
      }
      if (core::find_unit(unit)->dimension != value.dimension) {
        core::Diagnostic problem;
        problem.rule = "wrong-unit";
        problem.key = key;
        problem.value = text;
        problem.message = "'" + text + "' is a " + std::string(core::name_of(value.dimension)) + ", other points are in " + unit;
        throw core::InputError(std::move(problem));
      }
      coordinate.values.push_back(value.unit == unit ? value.given : core::from_base(value.value, unit));
    }
    coordinate.unit = unit == "1" ? "" : unit;
  } catch (const core::UnitError&) { // not all of them quantities: names
    coordinate.values.clear();
    coordinate.labels = texts;
  }
  return coordinate;
}

using CoordinateState = std::tuple<std::string, std::string, std::string, std::vector<double>, std::vector<std::string>>;

py::tuple state_of(const core::Axis& axis) {
  std::vector<CoordinateState> coordinates;
  for (const core::Coordinate& each : axis.coordinates) {
    coordinates.emplace_back(each.name, each.key, each.unit, each.values, each.labels);
  }
  return py::make_tuple(axis.name, coordinates);
}

core::Axis axis_of(const py::tuple& state) {
  core::Axis axis{state[0].cast<std::string>(), {}};
  for (auto& [name, key, unit, values, labels] : state[1].cast<std::vector<CoordinateState>>()) {
    axis.coordinates.push_back({name, key, unit, values, labels});
  }
  return axis;
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
      .def_property_readonly("is_zipped", &core::Axis::is_zipped, "Whether the dimension just counts, and the coordinates lie along it.")
      .def("__len__", &core::Axis::size)
      .def(py::pickle(&state_of, &axis_of));
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
      "zipped_axis",
      [](const models::Scenario& scenario, const std::string& dimension,
         const std::vector<std::tuple<std::string, std::string, std::vector<std::string>>>& coordinates) {
        core::Axis axis{dimension, {}};
        for (const auto& [name, key, points] : coordinates) {
          axis.coordinates.push_back(to_coordinate(scenario, name, key, points));
        }
        return axis;
      },
      py::arg("scenario"), py::arg("dimension"), py::arg("coordinates"),
      "An axis along which (name, key, points) move together. Raises InputError.");
  module.def(
      "unit_sample",
      [](const std::string& method, std::uint64_t seed, std::size_t count, std::size_t dimensions) {
        const auto sampling = method == "sobol" ? core::Sampling::sobol
                              : method == "latin_hypercube" ? core::Sampling::latin_hypercube
                              : method == "random" ? core::Sampling::uniform
                              : throw std::invalid_argument("method " + method + ": there are sobol, latin_hypercube, random");
        std::vector<double> points(count * dimensions);
        core::UnitSampler sampler(sampling, seed, count, dimensions);
        for (std::size_t index = 0; index < count; ++index) {
          sampler.sample(index, std::span(points).subspan(index * dimensions, dimensions));
        }
        return to_array(std::move(points), {static_cast<py::ssize_t>(count), static_cast<py::ssize_t>(dimensions)});
      },
      py::arg("method"), py::arg("seed"), py::arg("count"), py::arg("dimensions"),
      "Points of the open unit cube [point][dimension]; `method` is sobol, latin_hypercube or random.");
  module.def("canonical_key", &models::canonical_key, py::arg("scenario"), py::arg("key"),
             "The dotted key that a short name stands for. Raises InputError with the nearest.");
  module.def(
      "load_sweep",
      [](const std::string& path_or_name, const std::vector<std::string>& further_tables) {
        const models::SweepSpec spec = models::load_sweep(path_or_name, further_tables);
        std::vector<core::Axis> axes;
        for (const models::SweepAxis& axis : spec.axes) {
          axes.push_back(to_axis(axis, dimension_name(axis.key)));
        }
        return std::tuple(spec.base, axes, spec.title, spec.files.front());
      },
      py::arg("path_or_name"), py::arg("further_tables"),
      "The scenario of a sweep file, its axes, its title and its path. `further_tables` may be in it, for the caller to read.");

  py::class_<core::SweepPlan>(module, "SweepPlan", "Every combination of the points of some axes, the last axis fastest.")
      .def(py::init<std::vector<core::Axis>>(), py::arg("axes"))
      .def_property_readonly("axes", &core::SweepPlan::axes)
      .def_property_readonly("shape", [](const core::SweepPlan& self) { return py::tuple(py::cast(self.shape())); })
      .def("settings", &core::SweepPlan::settings, py::arg("member"))
      .def("__len__", &core::SweepPlan::size)
      .def(py::pickle([](const core::SweepPlan& self) { return py::make_tuple(self.axes()); },
                      [](const py::tuple& state) { return core::SweepPlan(state[0].cast<std::vector<core::Axis>>()); }));

  py::class_<core::SummaryInfo>(module, "SummaryInfo", "A number that a sweep keeps of each member.")
      .def_readonly("name", &core::SummaryInfo::name)
      .def_readonly("unit", &core::SummaryInfo::unit)
      .def_readonly("long_name", &core::SummaryInfo::long_name)
      .def(py::pickle([](const core::SummaryInfo& self) { return py::make_tuple(self.name, self.unit, self.long_name); },
                      [](const py::tuple& state) {
                        return core::SummaryInfo{state[0].cast<std::string>(), state[1].cast<std::string>(), state[2].cast<std::string>()};
                      }));

  py::class_<SweepResult>(module, "SweepResult", "Where the members of a sweep land: a file, or arrays over the axes of the plan.")
      .def(py::init([](const models::Scenario& scenario, const std::string& title, const core::SweepPlan& plan,
                       const std::vector<core::SummaryInfo>& summaries, const std::optional<std::string>& path) {
             const py::gil_scoped_release released;
             return std::make_unique<SweepResult>(scenario, title, plan, summaries, path);
           }),
           py::arg("scenario"), py::arg("title"), py::arg("plan"), py::arg("summaries"), py::arg("path") = py::none(),
           "Goes on with the file at `path` if it is there. Raises StorageError.")
      .def_property_readonly("left", py::cpp_function(&SweepResult::left, py::call_guard<py::gil_scoped_release>()), "Members that are still to be run.")
      .def("pending_ranges", &pending_ranges, py::arg("chunk"), py::call_guard<py::gil_scoped_release>(),
           "Stretches (begin, end) of members still to be run, of `chunk` at most.")
      .def("write", &write_members, py::arg("begin"), py::arg("values"), py::arg("statuses"), py::arg("messages"),
           "Members from `begin` on, as `run_members` gives them; they count as done then. Raises StorageError.")
      .def("finish", &SweepResult::finish, py::call_guard<py::gil_scoped_release>(), "Marks the file complete if it is. Raises StorageError.")
      .def("close", &SweepResult::close, py::call_guard<py::gil_scoped_release>(), "Lets go of the file.")
      .def("values",
           [](py::object self, std::size_t summary) {
             const auto& result = self.cast<const SweepResult&>();
             return view_of(result.values(summary), shape_of(result.plan()), self);
           },
           py::arg("summary"), "Of a result without a file, one summary over the axes: a read-only view.")
      .def_property_readonly(
          "statuses", [](const SweepResult& self) { return to_array(self.statuses(), shape_of(self.plan())); },
          "Of a result without a file, how each member stands.")
      .def_property_readonly("messages", &SweepResult::messages);

  module.def("summaries", &summaries_of, py::arg("scenario"), "The numbers that a run of this scenario gives, as a sweep names them, each with its part of the session.");
  module.def("sweep", &sweep, py::arg("scenario"), py::arg("result"), py::arg("threads"), py::arg("progress"),
             "Run every pending member into the result. Without the GIL; false when Ctrl-C ended it, with what is finished kept.");
  module.def("run_members", &run_members, py::arg("scenario"), py::arg("plan"), py::arg("summaries"), py::arg("begin"), py::arg("end"),
             "Members `begin` to `end` of a sweep on one thread: values [member][summary], statuses, messages. Without the GIL.");
  module.def("named_inputs", &named_inputs, py::arg("scenario"), py::arg("plan"),
             "The scenario with each of the people, cuffs, ... that axes name.");
  module.def(
      "open_sweep",
      [](const std::string& path) {
        const core::SweepStore store = [&] {
          const py::gil_scoped_release released; // a large file takes seconds
          return core::SweepStore::open(path);
        }();
        return std::tuple(store.provenance().scenario, store.provenance().title, store.plan().axes(), store.summaries());
      },
      py::arg("path"), "The text of the scenario of a sweep file, its title, axes and summaries. Raises StorageError.");
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
