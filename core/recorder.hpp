#pragma once
/// Keeps what is asked of a run: signals on a uniform grid of times, and summaries of signals per group of segments.
///
/// An observer for core/integrate.hpp. Samples are read off the dense output. Summaries are not made from samples:
/// inside every step each signal is integrated by the four-point Gauss-Lobatto rule (nodes 0, (1 -+ 1/sqrt 5)/2, 1;
/// weights 1, 5, 5, 1 over 12; Abramowitz & Stegun 25.4.32), exact for quintics and so never behind the stepper, and an
/// extremum inside a step is found from the cubic through the nodes and then read off the dense output there, so that a
/// reported extremum is always a value that the signal took.
///
/// At a breakpoint the value of the later segment counts, as in core/timeline.hpp; the end of the run belongs to the
/// last segment.

#include "core/model.hpp"
#include "core/timeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace limbflow::core {

struct RecorderOptions {
  std::vector<std::string> signals{}; ///< names; empty records every signal of the model
  double sample_interval = 0.0;       ///< s; 0 keeps no samples
  bool sample_at_breakpoints = false; ///< also sample at the start of each segment and at the end of the run
};

/// What a signal did over the segments of one group, or over the whole run. Times are absolute, in s.
struct SignalSummary {
  double minimum = std::numeric_limits<double>::infinity();
  double maximum = -std::numeric_limits<double>::infinity();
  double time_of_minimum = 0.0; ///< the first time it was taken
  double time_of_maximum = 0.0;
  double integral = 0.0; ///< signal unit times s
  double duration = 0.0; ///< s
  double first = 0.0;
  double last = 0.0;
  double first_time = std::numeric_limits<double>::infinity();
  double last_time = -std::numeric_limits<double>::infinity();

  bool empty() const { return !(last_time >= first_time); }
  /// Time average; NaN if no time has passed.
  double mean() const { return duration > 0.0 ? integral / duration : std::numeric_limits<double>::quiet_NaN(); }

  /// Takes in a value at a time.
  void include(double t, double value) {
    if (value < minimum) {
      minimum = value;
      time_of_minimum = t;
    }
    if (value > maximum) {
      maximum = value;
      time_of_maximum = t;
    }
  }

  /// Takes in the summary of another stretch of time.
  void include(const SignalSummary& other) {
    if (other.empty())
      return;
    if (other.minimum < minimum || (other.minimum == minimum && other.time_of_minimum < time_of_minimum)) {
      minimum = other.minimum;
      time_of_minimum = other.time_of_minimum;
    }
    if (other.maximum > maximum || (other.maximum == maximum && other.time_of_maximum < time_of_maximum)) {
      maximum = other.maximum;
      time_of_maximum = other.time_of_maximum;
    }
    integral += other.integral;
    duration += other.duration;
    if (other.first_time < first_time) {
      first = other.first;
      first_time = other.first_time;
    }
    if (other.last_time >= last_time) {
      last = other.last;
      last_time = other.last_time;
    }
  }
};

template <Model M> class Recorder {
public:
  using State = StateOf<M>;

  /// Room for the whole run is taken here; nothing is allocated while it goes on. The timeline must outlive the
  /// recorder. Throws std::invalid_argument, naming every signal that the model does not have, or if the interval is
  /// negative, not finite, or too short for the timeline to be sampled a thousand million times.
  Recorder(const Timeline<ControlsOf<M>>& timeline, const ParametersOf<M>& model_parameters,
           const RecorderOptions& what = {})
      : course(&timeline), parameters(model_parameters), options(what) {
    choose_signals();
    evaluated.resize(M::signals().size());
    between.resize(chosen.size());
    for (auto& values : nodes)
      values.resize(chosen.size());
    for (const auto& segment : timeline.segments())
      if (std::find(group_ids.begin(), group_ids.end(), segment.group) == group_ids.end())
        group_ids.push_back(segment.group);
    group_summaries.assign(group_ids.size(), std::vector<SignalSummary>(chosen.size()));
    std::size_t room = 0;
    if (options.sample_interval > 0.0)
      room += static_cast<std::size_t>(std::floor(timeline.duration() / options.sample_interval)) + 2;
    if (options.sample_at_breakpoints)
      room += timeline.size() + 1;
    times.reserve(room);
    samples.reserve(room * chosen.size());
  }

  /// The recorded signals, in the order asked for.
  std::vector<SignalInfo> signals() const {
    std::vector<SignalInfo> result;
    for (const std::size_t index : chosen)
      result.push_back(M::signals()[index]);
    return result;
  }
  std::size_t signal_count() const { return chosen.size(); }

  /// Sample times, s, ascending.
  const std::vector<double>& time() const { return times; }
  /// Samples, [time][signal].
  std::span<const double> values() const { return samples; }
  double value(std::size_t sample, std::size_t signal) const { return samples[sample * chosen.size() + signal]; }
  /// All samples of one signal. Throws std::invalid_argument if it is not recorded.
  std::vector<double> trace(std::string_view name) const {
    const std::size_t signal = position(name);
    std::vector<double> result(times.size());
    for (std::size_t k = 0; k < times.size(); ++k)
      result[k] = value(k, signal);
    return result;
  }

  /// Groups of the timeline in order of their first segment.
  const std::vector<int>& groups() const { return group_ids; }
  /// Summary of a signal over the segments of one group, as far as the run came.
  /// Throws std::invalid_argument if the signal is not recorded or the timeline has no such group.
  const SignalSummary& summary(int id, std::string_view name) const {
    return group_summaries[group_position(id)][position(name)];
  }
  /// Summary of a signal over the whole run, as far as it came. Throws std::invalid_argument if the signal is not
  /// recorded.
  SignalSummary summary(std::string_view name) const {
    const std::size_t signal = position(name);
    SignalSummary whole;
    for (const auto& summaries : group_summaries)
      whole.include(summaries[signal]);
    return whole;
  }

  void begin_segment(std::size_t index, const Segment<ControlsOf<M>>& segment, const State& y) {
    current = &segment;
    is_last_segment = index + 1 == course->size();
    evaluate(segment.begin, y, nodes[0]);
    group = &group_summaries[group_position(segment.group)];
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      SignalSummary& summary = (*group)[i];
      if (summary.empty()) {
        summary.first = nodes[0][i];
        summary.first_time = segment.begin;
      }
      summary.include(segment.begin, nodes[0][i]);
      summary.last = nodes[0][i];
      summary.last_time = segment.begin;
    }
    if (samples_due() && next_sample_time() <= segment.begin + grid_tolerance())
      store_on_grid(nodes[0]);
    else if (options.sample_at_breakpoints)
      store(segment.begin, nodes[0]);
  }

  template <class Step> void step(const Step& step) {
    State y;
    std::array<double, 4> node_times;
    node_times[0] = step.begin();
    for (std::size_t node = 1; node < 4; ++node) {
      node_times[node] = step.time_at_fraction(lobatto_nodes[node]);
      step.state_at_fraction(lobatto_nodes[node], y);
      evaluate(node_times[node], y, nodes[node]);
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      SignalSummary& summary = (*group)[i];
      summary.integral += step.length() / 12.0 * ((nodes[0][i] + nodes[3][i]) + 5.0 * (nodes[1][i] + nodes[2][i]));
      summary.duration += step.length();
      for (std::size_t node = 1; node < 4; ++node)
        summary.include(node_times[node], nodes[node][i]);
      summary.last = nodes[3][i];
      summary.last_time = step.end();
      include_inner_extrema(step, i, summary);
    }
    const double before = std::min(step.end(), current->end - grid_tolerance());
    while (samples_due() && next_sample_time() < before) {
      step.state_at(next_sample_time(), y);
      evaluate(next_sample_time(), y, between);
      store_on_grid(between);
    }
    nodes[0].swap(nodes[3]);
  }

  /// nodes[0] holds the signals at the end of the last step.
  void end_segment(double end_time, const State&) {
    if (!is_last_segment && end_time >= current->end)
      return;
    if (samples_due() && next_sample_time() <= end_time + grid_tolerance())
      store_on_grid(nodes[0]);
    else if (options.sample_at_breakpoints && (times.empty() || times.back() < end_time - grid_tolerance()))
      store(end_time, nodes[0]);
  }

private:
  static constexpr double most_samples = 1e9;
  /// Two times closer than this are one sample, s.
  static constexpr double closest_samples = 1e-9;
  /// An extremum inside a step is looked up only if it promises to beat the record by this share of the range seen.
  static constexpr double worthwhile_gain = 1e-7;
  /// 1 / sqrt 5.
  static constexpr double lobatto_abscissa = 0.44721359549995793928;
  static constexpr std::array<double, 4> lobatto_nodes{0.0, 0.5 - 0.5 * lobatto_abscissa, 0.5 + 0.5 * lobatto_abscissa,
                                                       1.0};

  void choose_signals() {
    const auto available = M::signals();
    std::ostringstream problems;
    if (!std::isfinite(options.sample_interval) || options.sample_interval < 0.0)
      problems << "\n  sample_interval must be zero or positive, and finite, got " << options.sample_interval;
    else if (options.sample_interval > 0.0 && !(course->duration() / options.sample_interval < most_samples))
      problems << "\n  sample_interval " << options.sample_interval << " s makes more than " << most_samples
               << " samples of " << course->duration() << " s";
    for (const std::string& name : options.signals) {
      const auto found =
          std::find_if(available.begin(), available.end(), [&](const SignalInfo& info) { return info.name == name; });
      const auto index = static_cast<std::size_t>(found - available.begin());
      if (found == available.end())
        problems << "\n  the model has no signal '" << name << "'";
      else if (std::find(chosen.begin(), chosen.end(), index) != chosen.end())
        problems << "\n  the signal '" << name << "' is asked for twice";
      else
        chosen.push_back(index);
    }
    if (!problems.str().empty())
      throw std::invalid_argument("recorder:" + problems.str());
    if (options.signals.empty())
      for (std::size_t i = 0; i < available.size(); ++i)
        chosen.push_back(i);
  }

  std::size_t position(std::string_view name) const {
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (M::signals()[chosen[i]].name == name)
        return i;
    throw std::invalid_argument("recorder: the signal '" + std::string(name) + "' is not recorded");
  }

  std::size_t group_position(int id) const {
    const auto found = std::find(group_ids.begin(), group_ids.end(), id);
    if (found == group_ids.end())
      throw std::invalid_argument("recorder: the timeline has no group " + std::to_string(id));
    return static_cast<std::size_t>(found - group_ids.begin());
  }

  void evaluate(double t, const State& y, std::vector<double>& values) {
    M::template evaluate_signals<double>(t, y.data(), parameters, current->controls, evaluated.data());
    for (std::size_t i = 0; i < chosen.size(); ++i)
      values[i] = evaluated[chosen[i]];
  }

  /// With x in [-1, 1] across the step, the cubic through the nodes is e0 + o1 x + e2 x^2 + o3 x^3.
  template <class Step> void include_inner_extrema(const Step& step, std::size_t i, SignalSummary& summary) {
    const double s = lobatto_abscissa;
    const double outer_even = 0.5 * (nodes[3][i] + nodes[0][i]), inner_even = 0.5 * (nodes[2][i] + nodes[1][i]);
    const double outer_odd = 0.5 * (nodes[3][i] - nodes[0][i]), inner_odd = 0.5 * (nodes[2][i] - nodes[1][i]);
    const double e2 = (outer_even - inner_even) / (1.0 - s * s), e0 = outer_even - e2;
    const double o3 = (outer_odd - inner_odd / s) / (1.0 - s * s), o1 = outer_odd - o3;
    const double discriminant = e2 * e2 - 3.0 * o3 * o1;
    if (!(discriminant > 0.0))
      return;
    const double q = -(e2 + std::copysign(std::sqrt(discriminant), e2));
    for (const double x : {q / (3.0 * o3), o1 / q}) {
      if (!(std::abs(x) < 1.0))
        continue;
      const double promised = e0 + x * (o1 + x * (e2 + x * o3));
      const double gain = worthwhile_gain * (summary.maximum - summary.minimum);
      if (promised <= summary.maximum + gain && promised >= summary.minimum - gain)
        continue;
      State y;
      const double fraction = 0.5 + 0.5 * x;
      step.state_at_fraction(fraction, y);
      evaluate(step.time_at_fraction(fraction), y, between);
      summary.include(step.time_at_fraction(fraction), between[i]);
    }
  }

  bool samples_due() const { return options.sample_interval > 0.0; }
  double next_sample_time() const {
    return course->begin() + static_cast<double>(next_sample) * options.sample_interval;
  }
  double grid_tolerance() const { return std::min(closest_samples, 1e-3 * options.sample_interval); }

  void store(double t, const std::vector<double>& values) {
    times.push_back(t);
    samples.insert(samples.end(), values.begin(), values.end());
  }
  void store_on_grid(const std::vector<double>& values) {
    store(next_sample_time(), values);
    ++next_sample;
  }

  const Timeline<ControlsOf<M>>* course;
  ParametersOf<M> parameters;
  RecorderOptions options;
  std::vector<std::size_t> chosen; ///< indices into M::signals()
  std::vector<double> evaluated, between;
  std::array<std::vector<double>, 4>
      nodes; ///< values at the Lobatto nodes of the step; nodes[0] carries over from step to step
  std::vector<int> group_ids;
  std::vector<std::vector<SignalSummary>> group_summaries; ///< [group][signal]
  std::vector<double> times, samples;
  std::size_t next_sample = 0;
  const Segment<ControlsOf<M>>* current = nullptr;
  std::vector<SignalSummary>* group = nullptr;
  bool is_last_segment = false;
};

} // namespace limbflow::core
