// How a protocol is integrated: stretch by stretch in the fidelity that each needs, with sets that end when the muscle fails.
//
// The averaged limb follows everything that is slow against a beat. When the cuff's pressure moves or a set begins or ends, vessels
// shut or open within a beat, and what happens depends on the beat: those beats are run in the pulsatile limb, from two whole
// beats before the change to three beats after it. The two share their states; a pulsatile stretch starts and ends at the start of a beat
// (pulse_mean_phase), where their arterial volumes mean the same.
//
// A set ends where even the slowest lift needs more drive than is at hand. The rest of the protocol then moves forward.
#pragma once

#include "core/integrate.hpp"
#include "core/lane_pool.hpp"
#include "models/limb.hpp"
#include "models/protocol.hpp"
#include "models/scenario.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace limbflow::models {

/// Longest step (s) of the pulsatile limb: none of a stepper's stages is so far from the next that the tip of a pulse, as fast as the
/// heart can beat, fits between them.
double longest_pulsatile_step(const LimbParameters<double>& parameters, Stepper stepper = Stepper::dopri5);

struct CourseOptions {
  Fidelity fidelity = Fidelity::averaged;
  double step_tolerance = 1e-8; ///< relative, and absolute over each state's scale
  Stepper stepper = Stepper::dopri5; ///< of the pulsatile limb, whose longest step depends on it
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

/// A protocol as a chain of integrations, one after the other:
///
///   while (const Leg* leg = course.next(y)) {
///     integrate y along leg->timeline, in the fidelity of the leg, telling the course of each segment's margin;
///     course.done(report, y);
///   }
///
/// What integrates a leg is the caller's choice. Holds no reference to `y`; `scenario` and `parameters` must outlive it.
class Course {
public:
  /// An integration of one fidelity.
  struct Leg {
    bool pulsatile = false;
    bool recorded = true; ///< false: before time zero, on the way to the beat that a pulsatile run starts at
    core::Timeline<LimbControls<double>> timeline;
    core::IntegrationOptions options;

    /// Makes `run` this leg from a state on. The run points into the leg and to the parameters; `watcher` watches what is recorded.
    template <core::Model M>
    void set_up(core::LaneRun<M>& run, const core::StateOf<M>& from, const LimbParameters<double>& parameters,
                core::LaneWatcher<M>* watcher) const {
      run.state = from;
      run.parameters = &parameters;
      run.timeline = &timeline;
      run.options = &options;
      run.watcher = recorded ? watcher : nullptr;
    }
  };

  Course(const Scenario& scenario, const LimbParameters<double>& parameters, const CourseOptions& options);
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;

  /// The integration that comes next from state `y`, or null when the run is over. May set the heart's phase in `y` and the
  /// volumes that count from time zero. Valid until done().
  const Leg* next(core::StateOf<AveragedLimb>& y);

  /// To be told at the start of each segment of a recorded leg, at `time` (s): what the event function is there. Sees a
  /// contraction that cannot even begin, which crosses no zero.
  void begin_segment(double time, double margin);

  /// The leg ended so. Throws std::runtime_error if the limb found no resting beat.
  void done(core::RunReport report);

  /// What became of the protocol so far.
  const CourseResult& result() const { return outcome; }

private:
  Leg leg_before_the_run(double external_pressure) const;
  core::IntegrationOptions integration_options(bool beat_by_beat) const;
  void end_set(double failed_at);

  const Scenario& scenario;
  const LimbParameters<double>& parameters;
  CourseOptions options;
  CourseResult outcome;
  Leg leg;
  std::vector<double> set_ends;
  double time = 0.0;
  bool started = false;
  bool pulsatile = false;     // the stretch before
  bool over = false;
  bool beat_found = false;    // the state is at the phase that a pulsatile run starts at
  bool cannot_begin = false;
  double cannot_begin_at = 0.0;
};

namespace detail {

/// Tells a course of the segments' margins.
template <class M>
struct MarginTeller {
  const LimbParameters<double>& parameters;
  Course& course;

  void begin_segment(std::size_t, const core::Segment<LimbControls<double>>& segment, const core::StateOf<M>& y) {
    double margin = 0.0;
    M::template evaluate_events<double>(segment.begin, y.data(), parameters, segment.controls, &margin);
    course.begin_segment(segment.begin, margin);
  }
  template <class Step>
  void step(const Step&) {}
  void end_segment(double, const core::StateOf<M>&) {}
};

} // namespace detail

/// Runs a scenario's protocol from the resting state `y` with core::integrate, one run alone; `y` is left at the end of the run.
/// Throws as Course::done. observer_of.operator()<M>(): the observer of a leg of the model M.
template <class ObserverOf>
CourseResult run_course(const Scenario& scenario, const LimbParameters<double>& parameters, std::vector<double>& y,
                        const CourseOptions& options, ObserverOf&& observer_of) {
  Course course(scenario, parameters, options);
  core::StateOf<AveragedLimb> state;
  std::copy(y.begin(), y.end(), state.begin());
  while (const Course::Leg* leg = course.next(state)) {
    y.assign(state.begin(), state.end());
    const auto integrate = [&]<class M>(std::type_identity<M>) {
      if (!leg->recorded)
        return core::integrate<M>(y, leg->timeline, parameters, leg->options);
      detail::MarginTeller<M> margins{parameters, course};
      auto watched = observer_of.template operator()<M>();
      Together<detail::MarginTeller<M>&, decltype(watched)&> observer{std::tie(margins, watched)};
      return core::integrate<M>(y, leg->timeline, parameters, leg->options, observer);
    };
    core::RunReport report = leg->pulsatile ? integrate(std::type_identity<PulsatileLimb>{})
                                            : integrate(std::type_identity<AveragedLimb>{});
    std::copy(y.begin(), y.end(), state.begin());
    course.done(std::move(report));
  }
  y.assign(state.begin(), state.end());
  return course.result();
}

} // namespace limbflow::models
