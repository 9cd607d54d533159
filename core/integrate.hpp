#pragma once
/// The integration loop: a model along a timeline, with exact stops at breakpoints, events, typed outcomes and an
/// observer.
///
/// Every segment of the timeline is integrated on its own: the loop stops exactly at its end and starts again with the
/// next segment's controls and a newly chosen step, so that no change of controls is ever stepped over or averaged
/// away.
///
/// An observer is told, in this order, for each segment:
///   observer.begin_segment(index, segment, y)     index in the timeline, y at segment.begin
///   observer.step(dense_step)                     each accepted step, see DenseStep
///   observer.end_segment(time, y)                 time < segment.end if the run ended early
/// and may keep what it likes; nothing that it was told is taken back when the run fails later.

#include "core/dopri5_stepper.hpp"
#include "core/error_checker.hpp"
#include "core/events.hpp"
#include "core/model.hpp"
#include "core/outcome.hpp"
#include "core/timeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace limbflow::core {

enum class Method {
  dopri5 ///< Dormand-Prince 5(4), explicit: for systems whose fastest time scale is worth resolving
};

struct IntegrationOptions {
  double relative_tolerance = 1e-6;
  double absolute_tolerance = 1e-6; ///< times each state's scale
  double initial_step = 0.0;        ///< s, at the start of each segment (in lanes: of the run); 0 chooses it from the first two derivatives
  double minimum_step = 1e-10;      ///< s; a shorter step is taken only to end a segment
  double maximum_step =
      std::numeric_limits<double>::infinity(); ///< s; exceeded by at most 1 % to end a segment without a sliver
  std::size_t maximum_steps = 10'000'000;      ///< accepted and rejected together
  double bound_slack = 10.0; ///< a state may leave its bounds by this many tolerances before the run ends
  Method method = Method::dopri5;
  std::function<bool()> cancel{}; ///< asked before every step; true ends the run with Outcome::cancelled
};

/// A view of one accepted step, for observers. Valid only during the call that hands it over.
template <class Stepper> class DenseStep {
public:
  using State = typename Stepper::State;

  /// The first `kept_fraction` of the stepper's last step, which ends at the absolute time `last_time` (s).
  DenseStep(const Stepper& accepted, double segment_start, double last_time, double kept_fraction)
      : stepper(&accepted), segment_begin(segment_start), end_time(last_time), end_fraction(kept_fraction) {}

  /// Absolute times of the step's ends, s.
  double begin() const { return segment_begin + stepper->time_before(); }
  double end() const { return end_time; }
  double length() const { return end_fraction * stepper->length(); }

  /// Absolute time at a fraction in [0, 1] of the step, s.
  double time_at_fraction(double fraction) const {
    return fraction >= 1.0 ? end_time : segment_begin + (stepper->time_before() + fraction * length());
  }

  /// State at a fraction in [0, 1] of the step.
  void state_at_fraction(double fraction, State& out) const { stepper->interpolate(fraction * end_fraction, out); }

  /// Fraction of the step at an absolute time (s), held within [0, 1].
  double fraction_at(double t) const {
    if (t >= end_time)
      return 1.0;
    return std::clamp(((t - segment_begin) - stepper->time_before()) / length(), 0.0, 1.0);
  }

  /// State at an absolute time within [begin(), end()], s.
  void state_at(double t, State& out) const { state_at_fraction(fraction_at(t), out); }

private:
  const Stepper* stepper;
  double segment_begin;
  double end_time;
  double end_fraction; ///< below 1 where a terminal event cut the step short
};

/// Watches nothing.
struct NoObserver {
  template <class Segment, class State> void begin_segment(std::size_t, const Segment&, const State&) {}
  template <class Step> void step(const Step&) {}
  template <class State> void end_segment(double, const State&) {}
};

namespace detail {

/// How far beyond a bound a state may go before the run ends.
inline double bound_allowance(double bound, double scale, const IntegrationOptions& options) {
  const double magnitude = std::isfinite(bound) ? std::abs(bound) : 0.0;
  return options.bound_slack * (options.absolute_tolerance * scale + options.relative_tolerance * magnitude);
}

/// Everything that is wrong with the input, one problem a line; empty if nothing is.
template <Model M>
std::string input_problems(const std::vector<double>& y, const Timeline<ControlsOf<M>>& timeline,
                           const IntegrationOptions& options) {
  std::ostringstream problems;
  const auto states = M::states();
  if (states.size() != M::state_count)
    problems << "\n  the model declares " << M::state_count << " states but describes " << states.size();
  else {
    if (y.size() != M::state_count)
      problems << "\n  the initial state has " << y.size() << " values but the model has " << M::state_count
               << " states";
    for (std::size_t i = 0; i < M::state_count; ++i) {
      const StateInfo& state = states[i];
      if (!std::isfinite(state.scale) || !(state.scale > 0.0))
        problems << "\n  state " << state.name << ": its scale must be positive and finite, got " << state.scale;
      if (y.size() != M::state_count)
        continue;
      if (!std::isfinite(y[i]))
        problems << "\n  state " << state.name << ": its initial value is not finite";
      else if (y[i] < state.lower - bound_allowance(state.lower, state.scale, options) ||
               y[i] > state.upper + bound_allowance(state.upper, state.scale, options))
        problems << "\n  state " << state.name << ": its initial value " << y[i] << " lies outside [" << state.lower
                 << ", " << state.upper << "] " << state.unit;
    }
  }
  if (timeline.empty())
    problems << "\n  the timeline is empty";
  const auto require = [&](bool holds, const char* name, double value, const char* accepted) {
    if (!holds)
      problems << "\n  " << name << " must be " << accepted << ", got " << value;
  };
  const auto positive = [](double value) { return std::isfinite(value) && value > 0.0; };
  require(positive(options.relative_tolerance), "relative_tolerance", options.relative_tolerance,
          "positive and finite");
  require(positive(options.absolute_tolerance), "absolute_tolerance", options.absolute_tolerance,
          "positive and finite");
  require(std::isfinite(options.initial_step) && options.initial_step >= 0.0, "initial_step", options.initial_step,
          "zero or positive, and finite");
  require(positive(options.minimum_step), "minimum_step", options.minimum_step, "positive and finite");
  require(options.maximum_step >= options.minimum_step, "maximum_step", options.maximum_step, "at least minimum_step");
  require(options.maximum_steps > 0, "maximum_steps", 0.0, "at least 1");
  require(options.bound_slack >= 0.0, "bound_slack", options.bound_slack, "zero or positive");
  return problems.str();
}

/// The advised step, held within the limits and fitted to the end of the segment: the whole rest if it is within 1 %,
/// half of it if two steps will do, so that no sliver is left over.
inline double next_length(double advised, double remaining, double smallest, double largest) {
  const double wanted = std::min(std::max(advised, smallest), largest);
  if (remaining <= 1.01 * wanted)
    return remaining;
  return remaining < 2.0 * wanted ? 0.5 * remaining : wanted;
}

/// Below this, a step from a local time is lost in the digits of the time, s.
inline double smallest_step(const IntegrationOptions& options, double local_time) {
  return std::max(options.minimum_step, 16.0 * std::numeric_limits<double>::epsilon() * local_time);
}

/// Distance of a state beyond its bound in tolerances; 0 where the error of the integration explains it.
inline double bound_error(const StateInfo& state, double value, const IntegrationOptions& options) {
  const bool within = value >= state.lower - bound_allowance(state.lower, state.scale, options) &&
                      value <= state.upper + bound_allowance(state.upper, state.scale, options);
  const double beyond = std::max({state.lower - value, value - state.upper, 0.0});
  return within ? 0.0
                : beyond / (options.absolute_tolerance * state.scale + options.relative_tolerance * std::abs(value));
}

/// The up to three states with the largest errors above zero, worst first.
template <Model M> std::vector<WorstState> worst_states(const StateOf<M>& y, const StateOf<M>& weighted_errors) {
  constexpr std::size_t most = 3;
  std::array<std::size_t, M::state_count> order;
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weighted_errors[a] > weighted_errors[b]; });
  std::vector<WorstState> worst;
  for (std::size_t rank = 0; rank < std::min(most, order.size()) && weighted_errors[order[rank]] > 0.0; ++rank) {
    const StateInfo& state = M::states()[order[rank]];
    worst.push_back(
        {std::string(state.name), std::string(state.unit), y[order[rank]], weighted_errors[order[rank]]});
  }
  return worst;
}

/// One run with one kind of stepper.
template <Model M, class Stepper, class Observer> class Integration {
public:
  using State = StateOf<M>;
  static constexpr std::size_t size = M::state_count;

  Integration(const Timeline<ControlsOf<M>>& course, const ParametersOf<M>& model_parameters,
              const IntegrationOptions& how, Observer& watcher)
      : timeline(course), parameters(model_parameters), options(how), observer(watcher), tolerances(tolerances_of(how)),
        stepper(tolerances, parameters), events(report.events) {
    for (std::size_t i = 0; i < size; ++i) {
      const StateInfo& state = M::states()[i];
      lowest[i] = state.lower - bound_allowance(state.lower, state.scale, options);
      highest[i] = state.upper + bound_allowance(state.upper, state.scale, options);
    }
  }

  /// Advances y as far as the run goes.
  RunReport run(State& y) {
    report.time = timeline.begin();
    for (std::size_t index = 0; index < timeline.size(); ++index) {
      const bool goes_on = run_segment(index, y);
      observer.end_segment(report.time, y);
      if (!goes_on)
        break;
    }
    report.rhs_evaluations = stepper.evaluations();
    return std::move(report);
  }

private:
  static Tolerances<size> tolerances_of(const IntegrationOptions& how) {
    Tolerances<size> result;
    for (std::size_t i = 0; i < size; ++i)
      result.absolute[i] = how.absolute_tolerance * M::states()[i].scale;
    result.relative = how.relative_tolerance;
    return result;
  }

  /// Returns false when the run is over.
  bool run_segment(std::size_t index, State& y) {
    const auto& segment = timeline[index];
    report.segment = segment.label;
    observer.begin_segment(index, segment, y);
    const auto events_at_begin = [&](std::vector<double>& values) {
      evaluate_events(segment.begin, y, segment.controls, values);
    };
    if (const auto terminal = events.begin_segment(segment.begin, events_at_begin))
      return end_by_event(*terminal);

    stepper.start(segment.begin, y, segment.controls);
    if (!all_finite(stepper.derivative()))
      return fail(Outcome::non_finite, non_finite_errors(stepper.derivative()));
    const double duration = segment.duration();
    double advised = options.initial_step > 0.0 ? options.initial_step : stepper.start_step();

    for (;;) {
      if (options.cancel && options.cancel()) {
        report.outcome = Outcome::cancelled;
        return false;
      }
      if (report.steps + report.rejected >= options.maximum_steps)
        return fail(Outcome::step_limit, stepper.last_attempt().weighted);

      const double remaining = duration - stepper.time();
      const double length =
          detail::next_length(advised, remaining, detail::smallest_step(options, stepper.time()), options.maximum_step);
      const bool last = length == remaining;
      advised = length;
      if (!stepper.try_step(advised)) {
        ++report.rejected;
        if (advised < detail::smallest_step(options, stepper.time()))
          return fail_at_smallest_step(length);
        continue;
      }
      ++report.steps;

      const double end_time = last ? segment.end : segment.begin + stepper.time();
      const DenseStep<Stepper> step(stepper, segment.begin, end_time, 1.0);
      std::size_t terminal = 0;
      const auto events_at = [&](double fraction, std::vector<double>& values) {
        State between;
        step.state_at_fraction(fraction, between);
        evaluate_events(step.time_at_fraction(fraction), between, segment.controls, values);
      };
      if (const auto fraction = events.scan(step, events_at, terminal)) {
        const DenseStep<Stepper> shortened(stepper, segment.begin, step.time_at_fraction(*fraction), *fraction);
        shortened.state_at_fraction(1.0, y);
        report.time = shortened.end();
        observer.step(shortened);
        return end_by_event(terminal);
      }
      y = stepper.state();
      report.time = end_time;
      observer.step(step);
      if (!within_bounds(y))
        return fail(Outcome::bound_violated, bound_errors(y));
      if (last)
        return true;
    }
  }

  void evaluate_events(double t, const State& y, const ControlsOf<M>& controls, std::vector<double>& values) const {
    if constexpr (ModelWithEvents<M>)
      M::template evaluate_events<double>(t, y.data(), parameters, controls, values.data());
  }

  bool end_by_event(std::size_t index) {
    report.outcome = Outcome::event;
    if constexpr (ModelWithEvents<M>)
      report.event = M::events()[index].name;
    return false;
  }

  bool fail_at_smallest_step(double length) {
    if (std::isfinite(stepper.last_attempt().largest))
      return fail(Outcome::step_too_small, stepper.last_attempt().weighted);
    const auto origin = stepper.non_finite_origin(length);
    if (std::none_of(origin.begin(), origin.end(), [](bool here) { return here; }))
      return fail(Outcome::non_finite, stepper.last_attempt().weighted);
    State errors{};
    for (std::size_t i = 0; i < size; ++i)
      errors[i] = origin[i] ? std::numeric_limits<double>::infinity() : 0.0;
    return fail(Outcome::non_finite, errors);
  }

  bool fail(Outcome outcome, const State& weighted_errors) {
    report.outcome = outcome;
    report.worst = worst_states<M>(stepper.state(), weighted_errors);
    return false;
  }

  static bool all_finite(const State& values) {
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  }

  static State non_finite_errors(const State& values) {
    State errors{};
    for (std::size_t i = 0; i < size; ++i)
      errors[i] = std::isfinite(values[i]) ? 0.0 : std::numeric_limits<double>::infinity();
    return errors;
  }

  bool within_bounds(const State& y) const {
    bool within = true;
    for (std::size_t i = 0; i < size; ++i)
      within = within && y[i] >= lowest[i] && y[i] <= highest[i];
    return within;
  }

  State bound_errors(const State& y) const {
    State errors{};
    for (std::size_t i = 0; i < size; ++i)
      errors[i] = bound_error(M::states()[i], y[i], options);
    return errors;
  }

  const Timeline<ControlsOf<M>>& timeline;
  const ParametersOf<M>& parameters;
  const IntegrationOptions& options;
  Observer& observer;
  Tolerances<size> tolerances;
  Stepper stepper;
  RunReport report;
  EventWatch<M> events;
  State lowest{}, highest{};
};

} // namespace detail

/// Integrates model M from `y` (state_count values, base units) along the timeline.
///
/// On return y holds the state at RunReport::time, whatever the outcome. A failure of the computation is an outcome,
/// not an exception. Throws std::invalid_argument, with every problem at once and before anything runs, if y has the
/// wrong size, is not finite or lies outside the states' bounds, if the timeline is empty, or if an option is out of
/// range. Exceptions of the observer, the model and options.cancel pass through.
template <Model M, class Observer = NoObserver>
RunReport integrate(std::vector<double>& y, const Timeline<ControlsOf<M>>& timeline, const ParametersOf<M>& parameters,
                    const IntegrationOptions& options = {}, Observer&& observer = Observer{}) {
  const std::string problems = detail::input_problems<M>(y, timeline, options);
  if (!problems.empty())
    throw std::invalid_argument("integrate: the run cannot start:" + problems);
  StateOf<M> state;
  std::copy(y.begin(), y.end(), state.begin());
  RunReport report;
  switch (options.method) {
  case Method::dopri5: {
    detail::Integration<M, Dopri5Stepper<M>, std::remove_reference_t<Observer>> integration(timeline, parameters,
                                                                                            options, observer);
    report = integration.run(state);
    break;
  }
  }
  std::copy(state.begin(), state.end(), y.begin());
  return report;
}

} // namespace limbflow::core
