#pragma once
/// The loop of core/integrate.hpp for as many runs at once as there are lanes: a LanePool by an explicit Runge-Kutta pair
/// (core/explicit_methods.hpp) or a Rosenbrock method (core/rosenbrock_methods.hpp). Include it only in files that are compiled once for
/// each instruction set (core/CMakeLists.txt).
///
/// All lanes take their steps together, each of its own length from its own time. How a step is made is the method's part; what is here
/// are segments, step control, events, failures, watchers and the runs that come and go. What is not arithmetic on states is done lane by
/// lane.

#include "core/error_checker.hpp"
#include "core/events.hpp"
#include "core/explicit_steps.hpp"
#include "core/lane_pool.hpp"
#include "core/lane_problem.hpp"
#include "core/rosenbrock_steps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace limbflow::core {
inline namespace HWY_NAMESPACE {

/// Table: DormandPrince5, Dop853 or Rodas5P.
template <Model M, class Table> class LaneIntegrator final : public LanePool<M> {
public:
  using State = StateOf<M>;
  static constexpr std::size_t size = M::state_count;
  static constexpr std::size_t width = Lanes::count;

  LaneIntegrator() {
    for (std::size_t lane = 0; lane < width; ++lane)
      slots[lane] = std::make_unique<Slot>(*this, lane);
  }

  std::size_t lanes() const override { return width; }

  void add(LaneRun<M>& run) override {
    const std::vector<double> start(run.state.begin(), run.state.end());
    const std::string problems = detail::input_problems<M>(start, *run.timeline, *run.options);
    if (!problems.empty())
      throw std::invalid_argument("integrate: the run cannot start:" + problems);
    waiting.push_back(&run);
  }

  std::size_t pending() const override { return waiting.size() + running + over.size(); }

  LaneRun<M>* next() override {
    while (over.empty()) {
      for (auto& slot : slots)
        while (!slot->run && !waiting.empty()) {
          LaneRun<M>* run = waiting.front();
          waiting.pop_front();
          ++running;
          begin(*slot, *run);
        }
      if (running == 0 && over.empty())
        return nullptr;
      if (running > 0)
        step();
    }
    LaneRun<M>* run = over.front();
    over.pop_front();
    return run;
  }

private:
  using Problem = LaneProblem<M>;
  using Vector = typename Problem::Vector;
  static constexpr bool implicit = requires { Table::gamma; };
  using Method = typename std::conditional_t<implicit, std::type_identity<RosenbrockSteps<M, Table>>,
                                             std::type_identity<ExplicitSteps<M, Table>>>::type;
  static constexpr std::size_t event_count() {
    if constexpr (ModelWithEvents<M>)
      return M::events().size();
    return 0;
  }

  /// What a lane holds. The lane's numbers are in the integrator's vectors.
  struct Slot final : LaneStepper<M> {
    Slot(const LaneIntegrator& owner, std::size_t number) : integrator(&owner), lane(number) {}

    const LaneIntegrator* integrator;
    std::size_t lane;
    LaneRun<M>* run = nullptr;
    std::size_t segment = 0;
    bool starting = false; ///< has a segment before it that it has not looked at
    double local_time = 0.0;
    double advised = 0.0;
    bool accepted = false;
    bool last = false;          ///< the step ends the segment
    double step_begin = 0.0;    ///< local, s
    double step_length = 0.0;
    double kept_fraction = 1.0; ///< below 1 where a terminal event cut the step short
    std::optional<std::size_t> terminal; ///< event that ends the run in this step
    State state_at_event{};
    StepAdjuster adjuster{Method::order};
    std::optional<EventWatch<M>> events;

    const Segment<ControlsOf<M>>& current() const { return (*run->timeline)[segment]; }
    double time_before() const override { return step_begin; }
    double length() const override { return step_length; }
    void interpolate(double fraction, State& out) const override {
      if (fraction <= 0.0)
        integrator->read(integrator->problem.before, lane, out);
      else if (fraction >= 1.0)
        integrator->read(integrator->problem.after, lane, out);
      else {
        Vector between;
        integrator->method.interpolate(integrator->problem, Lanes(fraction), between);
        integrator->read(between, lane, out);
      }
    }
  };

  // ---- lanes of vectors

  static double& at(Lanes& lanes, std::size_t lane) { return reinterpret_cast<double*>(&lanes)[lane]; }
  static double at(const Lanes& lanes, std::size_t lane) { return reinterpret_cast<const double*>(&lanes)[lane]; }
  static void read(const Vector& from, std::size_t lane, State& out) {
    for (std::size_t i = 0; i < size; ++i)
      out[i] = at(from[i], lane);
  }
  static void write(Vector& to, std::size_t lane, const State& values) {
    for (std::size_t i = 0; i < size; ++i)
      at(to[i], lane) = values[i];
  }

  // ---- the model

  HWY_NOINLINE void evaluate_events(const Lanes& local, const Vector& y, Lanes* out) {
    if constexpr (ModelWithEvents<M>)
      M::template evaluate_events<Lanes>(problem.origin + local, y.data(), problem.parameters.in_lanes(), problem.controls.in_lanes(), out);
  }
  HWY_NOINLINE void evaluate_signals(const Lanes& local, const Vector& y, Lanes* out) {
    if constexpr (std::is_same_v<SignalPartsOf<M>, detail::AllSignals>)
      M::template evaluate_signals<Lanes>(problem.origin + local, y.data(), problem.parameters.in_lanes(), problem.controls.in_lanes(), out);
    else
      M::template evaluate_signals<Lanes>(problem.origin + local, y.data(), problem.parameters.in_lanes(), problem.controls.in_lanes(), out,
                                          parts);
  }
  static std::size_t most_signals() {
    if constexpr (std::is_same_v<SignalPartsOf<M>, detail::AllSignals>)
      return M::signals().size();
    else
      return M::most_signals;
  }

  // ---- runs in and out

  void begin(Slot& slot, LaneRun<M>& run) {
    slot.run = &run;
    run.report = {};
    run.report.time = run.timeline->begin();
    run.error = nullptr;
    slot.events.emplace(run.report.events);
    const IntegrationOptions& options = *run.options;
    problem.parameters.set(slot.lane, *run.parameters);
    write(problem.before, slot.lane, run.state);
    at(problem.relative, slot.lane) = options.relative_tolerance;
    for (std::size_t i = 0; i < size; ++i) {
      const StateInfo& state = M::states()[i];
      at(problem.absolute[i], slot.lane) = options.absolute_tolerance * state.scale;
      at(lowest[i], slot.lane) = state.lower - detail::bound_allowance(state.lower, state.scale, options);
      at(highest[i], slot.lane) = state.upper + detail::bound_allowance(state.upper, state.scale, options);
    }
    enter(slot, 0);
    slot.advised = options.initial_step > 0.0 ? options.initial_step : 0.0;
    choose_signals();
  }

  void enter(Slot& slot, std::size_t segment) {
    slot.segment = segment;
    slot.starting = true;
    ++slot.run->report.rhs_evaluations;
    method.forget();
    slot.local_time = 0.0;
    slot.adjuster = StepAdjuster(Method::order);
    at(problem.time, slot.lane) = 0.0;
    at(problem.origin, slot.lane) = slot.current().begin;
    problem.controls.set(slot.lane, slot.current().controls);
    slot.run->report.segment = slot.current().label;
  }

  void finish(Slot& slot) {
    over.push_back(slot.run);
    slot.run = nullptr;
    --running;
    choose_signals();
  }

  void choose_signals() {
    watching_signals = false;
    parts = {};
    for (const auto& slot : slots) {
      if (!slot->run || !slot->run->watcher || !(slot->run->watcher->signal_interval() > 0.0))
        continue;
      parts = watching_signals ? parts | slot->run->watcher->signal_parts() : slot->run->watcher->signal_parts();
      watching_signals = true;
    }
  }

  /// The end of a segment, or of the run: `y` is the state at report.time.
  void end_segment(Slot& slot, const State& y) {
    slot.run->state = y;
    if (slot.run->watcher)
      slot.run->watcher->end_segment(slot.run->report.time, y);
  }

  void end_run(Slot& slot, Outcome outcome, const State& y) {
    slot.run->report.outcome = outcome;
    end_segment(slot, y);
    finish(slot);
  }

  void fail(Slot& slot, Outcome outcome, const State& y, const State& weighted_errors) {
    slot.run->report.worst = detail::worst_states<M>(y, weighted_errors);
    end_run(slot, outcome, y);
  }

  void end_by_event(Slot& slot, std::size_t index, const State& y) {
    if constexpr (ModelWithEvents<M>)
      slot.run->report.event = M::events()[index].name;
    end_run(slot, Outcome::event, y);
  }

  /// Does something for a lane; an exception ends its run and no other.
  template <class Work> void guarded(Slot& slot, Work&& work) {
    try {
      work();
    } catch (...) {
      if (!slot.run)
        throw;
      slot.run->error = std::current_exception();
      finish(slot);
    }
  }

  template <class Work> void each_running(Work&& work) {
    for (auto& slot : slots)
      if (slot->run)
        guarded(*slot, [&] { work(*slot); });
  }

  // ---- one step of all lanes

  void step() {
    begin_segments();
    choose_lengths();
    if (running == 0)
      return;
    method.take(problem);
    method.judge(problem);
    each_running([&](Slot& slot) {
      slot.accepted = at(problem.error, slot.lane) <= 1.0;
      if (slot.accepted)
        accept(slot);
      else
        reject(slot);
    });
    look_inside();
    each_accepted([&](Slot& slot) { watch(slot); });
    if (watching_signals)
      take_signals();
    Lanes moves(0.0);
    each_accepted([&](Slot& slot) { at(moves, slot.lane) = 1.0; });
    outside = Lanes(0.0);
    for (std::size_t i = 0; i < size; ++i) {
      problem.before[i] = select(moves > 0.0, problem.after[i], problem.before[i]);
      outside = select(problem.before[i] >= lowest[i] && problem.before[i] <= highest[i], outside, Lanes(1.0));
    }
    method.go_on(moves > 0.0);
    each_accepted([&](Slot& slot) { go_on(slot); });
  }

  template <class Work> void each_accepted(Work&& work) {
    each_running([&](Slot& slot) {
      if (slot.accepted)
        work(slot);
    });
  }

  void begin_segments() {
    if (std::none_of(slots.begin(), slots.end(), [](const auto& slot) { return slot->run && slot->starting; }))
      return;
    evaluate_events(problem.time, problem.before, event_values.data());
    each_running([&](Slot& slot) {
      if (!slot.starting)
        return;
      slot.starting = false;
      std::vector<double> values(event_count());
      for (std::size_t e = 0; e < values.size(); ++e)
        values[e] = at(event_values[e], slot.lane);
      State y;
      read(problem.before, slot.lane, y);
      const auto& segment = slot.current();
      if (slot.run->watcher)
        slot.run->watcher->begin_segment(slot.segment, segment, y, values.empty() ? nullptr : values.data());
      const auto at_begin = [&](std::vector<double>& out) { out = values; };
      if (const auto terminal = slot.events->begin_segment(segment.begin, at_begin))
        end_by_event(slot, *terminal, y);
    });
  }

  void choose_lengths() {
    if (std::any_of(slots.begin(), slots.end(), [](const auto& slot) { return slot->run && slot->advised == 0.0; }))
      choose_first_lengths();
    each_running([&](Slot& slot) {
      const IntegrationOptions& options = *slot.run->options;
      RunReport& report = slot.run->report;
      State y;
      slot.accepted = false;
      if (options.cancel && options.cancel()) {
        read(problem.before, slot.lane, y);
        return end_run(slot, Outcome::cancelled, y);
      }
      if (report.steps + report.rejected >= options.maximum_steps) {
        read(problem.before, slot.lane, y);
        State errors;
        read(problem.weighted, slot.lane, errors);
        return fail(slot, Outcome::step_limit, y, errors);
      }
      const double remaining = slot.current().duration() - slot.local_time;
      slot.advised = detail::next_length(slot.advised, remaining, detail::smallest_step(options, slot.local_time),
                                         options.maximum_step);
      slot.last = slot.advised == remaining;
      at(problem.length, slot.lane) = slot.advised;
    });
    for (std::size_t lane = 0; lane < width; ++lane)
      if (!slots[lane]->run)
        at(problem.length, lane) = 0.0;
  }

  /// First steps from the size of the first two derivatives, as Dopri5Stepper::start_step.
  void choose_first_lengths() {
    const auto norm = [&](const Vector& v) {
      Lanes largest(0.0);
      for (std::size_t i = 0; i < size; ++i)
        largest = max(largest, abs(v[i]) / (problem.absolute[i] + problem.relative * abs(problem.before[i])));
      return largest;
    };
    const Vector& slopes = method.slopes(problem);
    const Lanes d0 = norm(problem.before), d1 = norm(slopes);
    const Lanes trial = select(d0 < 1e-5 || d1 < 1e-5, Lanes(1e-6), 0.01 * d0 / d1);
    for (std::size_t i = 0; i < size; ++i)
      problem.after[i] = problem.before[i] + trial * slopes[i];
    problem.right_hand_side(problem.time + trial, problem.after, problem.probe);
    for (std::size_t i = 0; i < size; ++i)
      problem.after[i] = problem.probe[i] - slopes[i];
    const Lanes d2 = norm(problem.after) / trial;
    for (auto& slot : slots) {
      if (!slot->run || slot->advised > 0.0)
        continue;
      ++slot->run->report.rhs_evaluations;
      const double first = at(trial, slot->lane);
      const double steepest = std::max(at(d1, slot->lane), at(d2, slot->lane));
      if (!std::isfinite(first))
        slot->advised = slot->run->options->minimum_step;
      else if (!std::isfinite(steepest))
        slot->advised = first;
      else
        slot->advised = std::min(100.0 * first, steepest <= 1e-15 ? std::max(1e-6, 1e-3 * first)
                                                                  : std::pow(0.01 / steepest, 1.0 / (Method::order + 1)));
    }
  }

  void reject(Slot& slot) {
    RunReport& report = slot.run->report;
    ++report.rejected;
    report.rhs_evaluations += Method::evaluations;
    const double tried = slot.advised;
    slot.advised = slot.adjuster.decrease_step(tried, at(problem.error, slot.lane), Method::order);
    if (slot.advised >= detail::smallest_step(*slot.run->options, slot.local_time))
      return;
    State y, errors;
    read(problem.before, slot.lane, y);
    read(problem.weighted, slot.lane, errors);
    if (std::isfinite(at(problem.error, slot.lane)))
      return fail(slot, Outcome::step_too_small, y, errors);
    // where the NaN was born, before it spread
    const Vector& slopes = method.slopes(problem);
    for (std::size_t i = 0; i < size; ++i)
      problem.probe[i] = problem.before[i] + tried * slopes[i];
    Vector ahead;
    problem.right_hand_side(problem.time + tried, problem.probe, ahead);
    State origin_of{};
    bool found = false;
    for (std::size_t i = 0; i < size; ++i)
      if (!std::isfinite(at(ahead[i], slot.lane))) {
        origin_of[i] = std::numeric_limits<double>::infinity();
        found = true;
      }
    fail(slot, Outcome::non_finite, y, found ? origin_of : errors);
  }

  void accept(Slot& slot) {
    RunReport& report = slot.run->report;
    ++report.steps;
    report.rhs_evaluations += Method::evaluations + Method::evaluations_after;
    slot.step_begin = slot.local_time;
    slot.step_length = slot.advised;
    slot.advised = slot.adjuster.increase_step(slot.advised, at(problem.error, slot.lane), Method::order);
  }

  // ---- the inside of the step

  /// What interpolate() needs, and the event functions in the middle and at the end of the step.
  void look_inside() {
    if (std::none_of(slots.begin(), slots.end(), [](const auto& slot) {
          return slot->run && slot->accepted && (event_count() > 0 || slot->run->watcher);
        }))
      return;
    method.look_inside(problem);
    each_accepted([](Slot& slot) {
      if (event_count() > 0 || slot.run->watcher) // and not for the neighbours' sake
        slot.run->report.rhs_evaluations += Method::evaluations_inside;
    });
    if constexpr (ModelWithEvents<M>) {
      method.interpolate(problem, Lanes(0.5), problem.probe);
      evaluate_events(problem.time + 0.5 * problem.length, problem.probe, events_middle.data());
      evaluate_events(problem.time + problem.length, problem.after, events_after.data());
    }
  }

  /// The event functions of one lane at a fraction of its step.
  void events_inside(const Slot& slot, double fraction, std::vector<double>& values) {
    if (fraction == 0.5 || fraction == 1.0) {
      for (std::size_t e = 0; e < event_count(); ++e)
        values[e] = at(fraction == 0.5 ? events_middle[e] : events_after[e], slot.lane);
      return;
    }
    Vector between;
    method.interpolate(problem, Lanes(fraction), between);
    evaluate_events(multiply_add(problem.length, Lanes(fraction), problem.time), between, event_values.data());
    for (std::size_t e = 0; e < event_count(); ++e)
      values[e] = at(event_values[e], slot.lane);
  }

  // ---- after an accepted step

  /// Finds the events of a lane's step and shows the step to the watcher.
  void watch(Slot& slot) {
    LaneRun<M>& run = *slot.run;
    const auto& segment = slot.current();
    const double end = slot.last ? segment.end : segment.begin + (slot.step_begin + slot.step_length);
    const DenseStep<LaneStepper<M>> whole(slot, segment.begin, end, 1.0);
    const auto inside = [&](double fraction, std::vector<double>& values) { events_inside(slot, fraction, values); };
    std::size_t terminal = 0;
    const auto fraction = slot.events->scan(whole, inside, terminal);
    slot.kept_fraction = fraction.value_or(1.0);
    slot.terminal.reset();
    if (fraction) {
      slot.terminal = terminal;
      whole.state_at_fraction(*fraction, slot.state_at_event);
    }
    run.report.time = whole.time_at_fraction(slot.kept_fraction);
    if (run.watcher)
      run.watcher->step(DenseStep<LaneStepper<M>>(slot, segment.begin, run.report.time, slot.kept_fraction));
  }

  /// Signals at the Gauss nodes of every piece of every lane's step.
  void take_signals() {
    constexpr auto rule = Method::signal_rule;
    constexpr std::size_t last_node = rule.nodes.size() - 1;
    Lanes piece(0.0), last_piece(0.0), share(0.0);
    std::array<double, width> piece_end{};
    std::size_t most = 0;
    each_accepted([&](Slot& slot) {
      const double interval = slot.run->watcher ? slot.run->watcher->signal_interval() : 0.0;
      if (!(interval > 0.0))
        return;
      const double pieces = std::max(1.0, std::ceil(slot.kept_fraction * slot.step_length / interval));
      at(last_piece, slot.lane) = pieces - 1.0;
      at(share, slot.lane) = slot.kept_fraction / pieces;
      piece_end[slot.lane] = slot.current().begin + slot.step_begin;
      most = std::max(most, static_cast<std::size_t>(pieces));
    });
    for (std::size_t number = 0; number < most; ++number) {
      piece = min(Lanes(static_cast<double>(number)), last_piece);
      for (std::size_t node = 0; node <= last_node; ++node) {
        const Lanes fraction = (piece + rule.nodes[node]) * share;
        method.interpolate(problem, fraction, problem.probe);
        evaluate_signals(multiply_add(problem.length, fraction, problem.time), problem.probe, signals_now.data());
        for (std::size_t i = 0; i < signals_now.size(); ++i) {
          const Lanes before_now = node == 0 ? Lanes(0.0) : signals_mean[i];
          signals_mean[i] = multiply_add(Lanes(rule.weights[node]), signals_now[i], before_now);
          if (node == 0)
            signals_rise[i] = signals_now[i];
          else if (node == last_node)
            signals_rise[i] = rule.rise * (signals_now[i] - signals_rise[i]);
        }
      }
      each_accepted([&](Slot& slot) {
        const std::size_t lane = slot.lane;
        if (!(at(share, lane) > 0.0) || number > static_cast<std::size_t>(at(last_piece, lane)))
          return;
        const double begin = piece_end[lane];
        const double done = static_cast<double>(number + 1) * at(share, lane) * slot.step_length;
        piece_end[lane] = static_cast<double>(number) == at(last_piece, lane)
                              ? slot.run->report.time
                              : slot.current().begin + (slot.step_begin + done);
        slot.run->watcher->signals(begin, piece_end[lane], &at(signals_mean[0], lane), &at(signals_rise[0], lane), width);
      });
    }
  }

  /// Ends the run, the segment, or nothing. The state after the step is in `before` by now.
  void go_on(Slot& slot) {
    State y;
    if (slot.terminal) {
      return end_by_event(slot, *slot.terminal, slot.state_at_event);
    }
    if (at(outside, slot.lane) > 0.0) {
      read(problem.before, slot.lane, y);
      State errors;
      for (std::size_t i = 0; i < size; ++i)
        errors[i] = detail::bound_error(M::states()[i], y[i], *slot.run->options);
      return fail(slot, Outcome::bound_violated, y, errors);
    }
    if (!slot.last) {
      slot.local_time += slot.step_length;
      at(problem.time, slot.lane) = slot.local_time;
      return;
    }
    read(problem.before, slot.lane, y);
    end_segment(slot, y);
    if (slot.segment + 1 == slot.run->timeline->size())
      return finish(slot);
    enter(slot, slot.segment + 1);
  }

  Problem problem;
  Method method;
  alignas(Lanes) Vector lowest{}, highest{};
  Lanes outside{0.0};
  std::vector<Lanes> event_values = std::vector<Lanes>(event_count());
  std::vector<Lanes> events_middle = event_values;
  std::vector<Lanes> events_after = event_values;
  std::vector<Lanes> signals_mean = std::vector<Lanes>(most_signals());
  std::vector<Lanes> signals_rise = signals_mean;
  std::vector<Lanes> signals_now = signals_mean;
  std::array<std::unique_ptr<Slot>, width> slots;
  std::deque<LaneRun<M>*> waiting, over;
  std::size_t running = 0;
  bool watching_signals = false; ///< a run in the lanes wants them
  SignalPartsOf<M> parts{};      ///< that any of them wants
};

} // namespace HWY_NAMESPACE
} // namespace limbflow::core
