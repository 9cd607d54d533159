#include "models/course.hpp"

#include "models/arterial_source.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace limbflow::models {

namespace {

/// Whole beats before a change of the cuff, so that what is reported up to it is the mean of a beat.
constexpr double beats_before_change = 1.0;
/// Beats after a change of the cuff until the averaged limb takes over.
constexpr double beats_after_change = 4.0;
/// An averaged stretch shorter than this is not worth changing over for, in beats.
constexpr double shortest_stretch = 1.0;
/// Beats that are this close are one.
constexpr double rounding = 1e-6;
/// Steps of the pulsatile limb in the fastest beat.
constexpr double steps_per_beat = 20.0;
constexpr double fastest_heart_rate = 3.0; // 1/s
/// A stretch that would end this close to a breakpoint ends there, s.
constexpr double closest_end = 1e-3;

double onto_breakpoint(const core::Timeline<LimbControls<double>>& timeline, double time) {
  for (const auto& segment : timeline.segments())
    if (std::abs(segment.end - time) < closest_end)
      return segment.end;
  return time;
}

} // namespace

core::Timeline<LimbControls<double>> cut(const core::Timeline<LimbControls<double>>& timeline, double begin, double end) {
  std::vector<core::Segment<LimbControls<double>>> segments;
  for (const auto& segment : timeline.segments()) {
    const double from = std::max(begin, segment.begin);
    const double to = std::min(end, segment.end);
    if (!(to > from))
      continue;
    auto piece = segment; // controls keep the segment's own begin, from which the cuff's ramp counts
    piece.begin = from;
    piece.end = to;
    segments.push_back(std::move(piece));
  }
  return core::Timeline<LimbControls<double>>(std::move(segments));
}

double nearest_beat_start(double phase) { return std::round(phase - pulse_mean_phase) + pulse_mean_phase; }

Stretch next_stretch(const core::Timeline<LimbControls<double>>& timeline, double time, double heart_rate, double phase) {
  const auto& segments = timeline.segments();
  const auto changes = [&](const auto& segment) { return segment.controls.cuff_pressure_rate != 0.0 && segment.end > time; };
  const auto change = std::find_if(segments.begin(), segments.end(), changes);
  if (change == segments.end())
    return {false, timeline.end()};
  // Beats counted from now, at the heart rate of now; starts of beats are whole numbers away from `first`.
  const auto beats_at = [&](double t) { return (t - time) * heart_rate; };
  const double first = pulse_mean_phase - phase;
  const auto start_before = [&](double beats) { return std::floor(beats - first + rounding) + first; };
  const auto start_after = [&](double beats) { return std::ceil(beats - first - rounding) + first; };
  const double window = start_before(beats_at(change->begin) - beats_before_change);
  if (window > shortest_stretch)
    return {false, onto_breakpoint(timeline, time + window / heart_rate)};
  double until = beats_at(change->end) + beats_after_change;
  for (auto later = change; later != segments.end() && beats_at(later->begin) < until + shortest_stretch; ++later)
    if (later->controls.cuff_pressure_rate != 0.0)
      until = std::max(until, beats_at(later->end) + beats_after_change);
  return {true, onto_breakpoint(timeline, std::min(timeline.end(), time + start_after(until) / heart_rate))};
}

double longest_pulsatile_step() { return 1.0 / (steps_per_beat * fastest_heart_rate); }

std::vector<double> pulsatile_start(std::vector<double> y, const LimbParameters<double>& parameters,
                                    double external_pressure, double step_tolerance) {
  constexpr double beats = 5.0;
  core::Timeline<LimbControls<double>> before(-beats / parameters.heart_rate);
  LimbControls<double> controls;
  controls.external_pressure = external_pressure;
  before.append(beats / parameters.heart_rate, controls, "before the run");
  core::IntegrationOptions integration;
  integration.relative_tolerance = step_tolerance;
  integration.absolute_tolerance = step_tolerance;
  integration.maximum_step = longest_pulsatile_step();
  y[heart_phase] = parameters.start_phase - beats;
  const core::RunReport report = core::integrate<PulsatileLimb>(y, before, parameters, integration);
  if (report.outcome != core::Outcome::completed)
    throw std::runtime_error("the limb found no resting beat: " + report.describe());
  y[inflow_volume] = y[outflow_volume] = y[lymph_volume] = 0.0;
  return y;
}

} // namespace limbflow::models
