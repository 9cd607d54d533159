#include "models/course.hpp"

#include "models/arterial_source.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace limbflow::models {

namespace {

/// Whole beats before a change: from the second on they are reported as means of a beat.
constexpr double beats_before_change = 2.0;
/// Beats after a change until the averaged limb takes over.
constexpr double beats_after_change = 3.0;
/// An averaged stretch shorter than this is not worth changing over for, in beats.
constexpr double shortest_stretch = 1.0;
/// Beats that are this close are one.
constexpr double rounding = 1e-6;
/// Steps of the pulsatile limb in the fastest beat. The widest gap between stages is half a step of order 5 and a quarter of a step of
/// order 8.
constexpr double steps_per_beat_of_order_5 = 20.0;
constexpr double steps_per_beat_of_order_8 = 12.0;
/// Beats of the pulsatile limb at rest until it beats as it always will.
constexpr double beats_before_the_run = 5.0;
/// A stretch that would end this close to a breakpoint ends there, s.
constexpr double closest_end = 1e-3;

double onto_breakpoint(const core::Timeline<LimbControls<double>>& timeline, double time) {
  for (const auto& segment : timeline.segments())
    if (std::abs(segment.end - time) < closest_end)
      return segment.end;
  return time;
}

/// A stretch of time (s) in which something changes within a beat; both ends infinite if nothing does any more.
struct Change {
  double begin = std::numeric_limits<double>::infinity();
  double end = std::numeric_limits<double>::infinity();
};

/// What segment k brings that is faster than a beat and not over at `time`: a course of the cuff's pressure, or at its begin the
/// first contraction of a set or the end of the last.
Change change_in(const std::vector<core::Segment<LimbControls<double>>>& segments, std::size_t k, double time) {
  const auto& segment = segments[k];
  if (segment.controls.cuff_pressure_rate != 0.0 && segment.end > time)
    return {segment.begin, segment.end};
  const bool of_a_set = k > 0 && segment.group != segments[k - 1].group && segment.controls.force != segments[k - 1].controls.force;
  if (of_a_set && segment.begin > time)
    return {segment.begin, segment.begin};
  return {};
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
  Change change;
  std::size_t k = 0;
  for (; k < segments.size() && !std::isfinite(change.begin); ++k)
    change = change_in(segments, k, time);
  if (!std::isfinite(change.begin))
    return {false, timeline.end()};
  // Beats counted from now, at the heart rate of now; starts of beats are whole numbers away from `first`.
  const auto beats_at = [&](double t) { return (t - time) * heart_rate; };
  const double first = pulse_mean_phase - phase;
  const auto start_before = [&](double beats) { return std::floor(beats - first + rounding) + first; };
  const auto start_after = [&](double beats) { return std::ceil(beats - first - rounding) + first; };
  const double window = start_before(beats_at(change.begin) - beats_before_change);
  if (window > shortest_stretch)
    return {false, onto_breakpoint(timeline, time + window / heart_rate)};
  double until = beats_at(change.end) + beats_after_change;
  for (; k < segments.size() && beats_at(segments[k].begin) < until + shortest_stretch; ++k)
    if (const Change later = change_in(segments, k, time); std::isfinite(later.begin))
      until = std::max(until, beats_at(later.end) + beats_after_change);
  return {true, onto_breakpoint(timeline, std::min(timeline.end(), time + start_after(until) / heart_rate))};
}

double longest_pulsatile_step(const LimbParameters<double>& parameters, Stepper stepper) {
  const double fastest = parameters.heart_rate + largest_heart_rate_rise(parameters.reflexes);
  return 1.0 / ((stepper == Stepper::dop853 ? steps_per_beat_of_order_8 : steps_per_beat_of_order_5) * fastest);
}

Course::Course(const Scenario& of, const LimbParameters<double>& limb, const CourseOptions& how)
    : scenario(of), parameters(limb), options(how) {
  outcome.protocol = build_protocol(scenario, parameters.occlusion_pressure);
}

const Course::Leg* Course::next(core::StateOf<AveragedLimb>& y) {
  const auto& timeline = outcome.protocol.timeline;
  if (over || timeline.empty() || !(time < timeline.end()))
    return nullptr;
  const auto stretch_from = [&] {
    if (options.fidelity == Fidelity::pulsatile || !options.resolve_changes)
      return Stretch{options.fidelity == Fidelity::pulsatile, timeline.end()};
    return next_stretch(timeline, time, parameters.heart_rate + y[heart_rate_rise], y[heart_phase]);
  };
  if (!started && !beat_found)
    y[heart_phase] = parameters.start_phase;
  Stretch stretch = stretch_from();
  if (stretch.pulsatile && !pulsatile) {
    if (!started && !beat_found) {
      leg = leg_before_the_run(scenario.external_pressure_mmHg);
      y[heart_phase] = parameters.start_phase - beats_before_the_run;
      return &leg;
    }
    if (started)
      y[heart_phase] = nearest_beat_start(y[heart_phase]); // planned so, but the heart may have quickened since
    else
      y[inflow_volume] = y[outflow_volume] = y[lymph_volume] = 0.0;
    stretch = stretch_from();
  }
  started = true;
  pulsatile = stretch.pulsatile;
  cannot_begin = false;
  leg.pulsatile = pulsatile;
  leg.recorded = true;
  leg.timeline = cut(timeline, time, stretch.end);
  leg.options = integration_options(pulsatile);
  leg.options.cancel = [this] { return cannot_begin || (options.cancel && options.cancel()); };
  return &leg;
}

core::IntegrationOptions Course::integration_options(bool beat_by_beat) const {
  core::IntegrationOptions integration;
  integration.relative_tolerance = options.step_tolerance;
  integration.absolute_tolerance = integration.relative_tolerance;
  if (beat_by_beat)
    integration.maximum_step = longest_pulsatile_step(parameters, options.stepper);
  return integration;
}

Course::Leg Course::leg_before_the_run(double external_pressure) const {
  Leg before;
  before.pulsatile = true;
  before.recorded = false;
  const double length = beats_before_the_run / parameters.heart_rate;
  LimbControls<double> controls;
  controls.external_pressure = external_pressure;
  before.timeline = core::Timeline<LimbControls<double>>(-length);
  before.timeline.append(length, controls, "before the run");
  before.options = integration_options(true);
  return before;
}

void Course::begin_segment(double at, double margin) {
  if (!cannot_begin && margin <= 0.0) {
    cannot_begin = true;
    cannot_begin_at = at;
  }
}

void Course::done(core::RunReport report) {
  if (!leg.recorded) {
    if (report.outcome != core::Outcome::completed)
      throw std::runtime_error("the limb found no resting beat: " + report.describe());
    beat_found = true;
    return;
  }
  report.steps += outcome.report.steps;
  report.rejected += outcome.report.rejected;
  report.rhs_evaluations += outcome.report.rhs_evaluations;
  report.events.insert(report.events.begin(), outcome.report.events.begin(), outcome.report.events.end());
  outcome.report = std::move(report);
  time = outcome.report.time;
  if (cannot_begin || outcome.report.outcome == core::Outcome::event)
    end_set(cannot_begin ? cannot_begin_at : time);
  else
    over = outcome.report.outcome != core::Outcome::completed;
}

void Course::end_set(double failed_at) {
  int set = 0;
  for (const Activity& activity : outcome.protocol.activities)
    if (activity.set > 0 && activity.begin <= failed_at && failed_at <= activity.end)
      set = activity.set; // at a border the later one: it is the one that could not begin
  const auto index = static_cast<std::size_t>(set) - 1;
  if (set == 0 || (index < set_ends.size() && set_ends[index] <= failed_at))
    throw std::logic_error("a contraction failed where no set could be ended, at t = " + std::to_string(failed_at) + " s");
  set_ends.resize(std::max(set_ends.size(), static_cast<std::size_t>(set)), std::numeric_limits<double>::infinity());
  set_ends[index] = failed_at;
  outcome.failure_times.push_back(failed_at);
  outcome.protocol = build_protocol(scenario, parameters.occlusion_pressure, set_ends);
  outcome.report.outcome = core::Outcome::completed;
  outcome.report.event.clear();
}

} // namespace limbflow::models
