// How a protocol is integrated: stretch by stretch in the fidelity that each needs, with sets that end when the muscle fails.
//
// The averaged limb follows everything that is slow against a beat. When the cuff's pressure moves or a set begins or ends, vessels
// shut or open within a beat, and what happens depends on the beat: those beats are run in the pulsatile limb, from two whole
// beats before the change to four beats after it. The two share their states; a pulsatile stretch starts and ends at the start of a beat
// (pulse_mean_phase), where their arterial volumes mean the same.
//
// A set ends where the force asked for needs more drive than is at hand. The rest of the protocol then moves forward.
#pragma once

#include "core/integrate.hpp"
#include "models/limb.hpp"
#include "models/protocol.hpp"
#include "models/scenario.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace limbflow::models {

struct CourseOptions {
  Fidelity fidelity = Fidelity::averaged;
  double step_tolerance = 1e-8;   ///< relative, and absolute over each state's scale
  bool resolve_changes = true;    ///< averaged runs: resolve the beats around changes of the cuff, begins and ends of sets
  std::function<bool()> cancel{};
};

/// What became of a protocol.
struct CourseResult {
  core::RunReport report;
  Protocol protocol;                  ///< as it was carried out
  std::vector<double> failure_times;  ///< s, of every set that failed
};

/// The part of a timeline between two of its times; segments are cut where needed.
core::Timeline<LimbControls<double>> cut(const core::Timeline<LimbControls<double>>& timeline, double begin, double end);

/// A stretch of a run in one fidelity.
struct Stretch {
  bool pulsatile = false;
  double end = 0; ///< s
};

/// The stretch of an averaged run that begins at a time, for the heart rate (1/s) and the phase of the beat at that time.
Stretch next_stretch(const core::Timeline<LimbControls<double>>& timeline, double time, double heart_rate, double phase);

/// The start of a beat, as the averaged limb counts them, that is nearest to a phase.
double nearest_beat_start(double phase);

/// The state at the phase of the beat that a pulsatile run starts at: five beats before time zero.
/// Throws std::runtime_error, naming state and time, if they cannot be integrated.
std::vector<double> pulsatile_start(std::vector<double> state, const LimbParameters<double>& parameters,
                                    double external_pressure, double step_tolerance);

/// Longest step of the pulsatile limb, s: it never steps over the tip of a pulse, however fast the heart.
double longest_pulsatile_step();

/// Several observers as one, in order.
template <class... Observers>
struct Together {
  std::tuple<Observers...> all;
  template <class Segment, class State>
  void begin_segment(std::size_t index, const Segment& segment, const State& y) {
    std::apply([&](auto&... one) { (one.begin_segment(index, segment, y), ...); }, all);
  }
  template <class Step>
  void step(const Step& step) {
    std::apply([&](auto&... one) { (one.step(step), ...); }, all);
  }
  template <class State>
  void end_segment(double time, const State& y) {
    std::apply([&](auto&... one) { (one.end_segment(time, y), ...); }, all);
  }
};

namespace detail {

/// Sees a contraction that cannot even begin: no event function crosses zero there.
template <class M>
struct FeasibilityGuard {
  const LimbParameters<double>& parameters;
  bool failed = false;
  double time = 0.0;

  void begin_segment(std::size_t, const core::Segment<LimbControls<double>>& segment, const core::StateOf<M>& y) {
    double margin = 0.0;
    M::template evaluate_events<double>(segment.begin, y.data(), parameters, segment.controls, &margin);
    if (!failed && margin <= 0.0) {
      failed = true;
      time = segment.begin;
    }
  }
  template <class Step>
  void step(const Step&) {}
  void end_segment(double, const core::StateOf<M>&) {}
};

} // namespace detail

/// Runs a scenario's protocol from the resting state `y`; `y` is left at the end of the run.
/// Throws std::runtime_error as pulsatile_start.
/// new_stretch(): told at the start of each stretch; observer.operator()<M>(): the observer of a stretch of the model M.
template <class NewStretch, class ObserverOf>
CourseResult run_course(const Scenario& scenario, const LimbParameters<double>& parameters, std::vector<double>& y,
                        const CourseOptions& options, NewStretch&& new_stretch, ObserverOf&& observer_of) {
  CourseResult result;
  std::vector<double> set_ends;
  result.protocol = build_protocol(scenario, parameters.occlusion_pressure, set_ends);
  double time = 0.0;
  bool was_pulsatile = options.fidelity == Fidelity::pulsatile;
  if (was_pulsatile)
    y = pulsatile_start(y, parameters, scenario.external_pressure_mmHg, options.step_tolerance);
  else
    y[heart_phase] = parameters.start_phase;
  while (!result.protocol.timeline.empty() && time < result.protocol.timeline.end()) {
    const auto& timeline = result.protocol.timeline;
    Stretch stretch{options.fidelity == Fidelity::pulsatile, timeline.end()};
    if (!stretch.pulsatile && options.resolve_changes)
      stretch = next_stretch(timeline, time, parameters.heart_rate + y[heart_rate_rise], y[heart_phase]);
    if (stretch.pulsatile && !was_pulsatile) {
      if (time > 0.0)
        y[heart_phase] = nearest_beat_start(y[heart_phase]); // planned so, but the heart may have quickened since
      else
        y = pulsatile_start(y, parameters, scenario.external_pressure_mmHg, options.step_tolerance);
      stretch = next_stretch(timeline, time, parameters.heart_rate + y[heart_rate_rise], y[heart_phase]);
    }
    was_pulsatile = stretch.pulsatile;
    new_stretch();

    bool failed = false;
    double failed_at = 0.0;
    const auto integrate = [&]<class M>(std::type_identity<M>) {
      detail::FeasibilityGuard<M> guard{parameters};
      core::IntegrationOptions integration;
      integration.relative_tolerance = options.step_tolerance;
      integration.absolute_tolerance = options.step_tolerance;
      integration.cancel = [&] { return guard.failed || (options.cancel && options.cancel()); };
      if (stretch.pulsatile)
        integration.maximum_step = longest_pulsatile_step();
      auto watched = observer_of.template operator()<M>();
      Together<detail::FeasibilityGuard<M>&, decltype(watched)&> observer{std::tie(guard, watched)};
      core::RunReport report = core::integrate<M>(y, cut(timeline, time, stretch.end), parameters, integration, observer);
      failed = guard.failed || report.outcome == core::Outcome::event;
      failed_at = guard.failed ? guard.time : report.time;
      return report;
    };
    core::RunReport report = stretch.pulsatile ? integrate(std::type_identity<PulsatileLimb>{})
                                               : integrate(std::type_identity<AveragedLimb>{});
    report.steps += result.report.steps;
    report.rejected += result.report.rejected;
    report.rhs_evaluations += result.report.rhs_evaluations;
    report.events.insert(report.events.begin(), result.report.events.begin(), result.report.events.end());
    result.report = std::move(report);
    time = result.report.time;

    if (failed) {
      int set = 0;
      for (const Activity& activity : result.protocol.activities)
        if (activity.set > 0 && activity.begin <= failed_at && failed_at <= activity.end)
          set = activity.set; // at a border the later one: it is the one that could not begin
      const auto index = static_cast<std::size_t>(set) - 1;
      if (set == 0 || (index < set_ends.size() && set_ends[index] <= failed_at))
        throw std::logic_error("a contraction failed where no set could be ended, at t = " + std::to_string(failed_at) + " s");
      set_ends.resize(std::max(set_ends.size(), static_cast<std::size_t>(set)), std::numeric_limits<double>::infinity());
      set_ends[index] = failed_at;
      result.failure_times.push_back(failed_at);
      result.protocol = build_protocol(scenario, parameters.occlusion_pressure, set_ends);
      result.report.outcome = core::Outcome::completed;
      result.report.event.clear();
    } else if (result.report.outcome != core::Outcome::completed) {
      break;
    }
  }
  return result;
}

} // namespace limbflow::models
