#pragma once
/// Runs of one model that are integrated side by side: what goes into the lanes and what comes out.
///
/// A run in a lane is a pure function of what is in its `LaneRun`: its bits depend neither on the lane it is in, nor on
/// who its neighbours are, nor on the order in which runs are added. Each has its own time, step, error control, events
/// and end; a lane that is free takes the next run that waits.

#include "core/integrate.hpp"

#include <cstddef>
#include <exception>

namespace limbflow::core {

/// One lane's part of an accepted step, in the place of a stepper in DenseStep.
template <Model M> class LaneStepper {
public:
  using State = StateOf<M>;
  virtual ~LaneStepper() = default;
  /// Local to the segment, s: where the step began, and how long it is.
  virtual double time_before() const = 0;
  virtual double length() const = 0;
  /// State at a fraction in [0, 1] of the step.
  virtual void interpolate(double fraction, State& out) const = 0;
};

/// Watches one run, in the order that core/integrate.hpp gives. What it throws ends the run with `LaneRun::error`.
template <Model M> class LaneWatcher {
public:
  virtual ~LaneWatcher() = default;
  /// events: the model's event functions at y under the segment's controls; null if it has none.
  virtual void begin_segment(std::size_t index, const Segment<ControlsOf<M>>& segment, const StateOf<M>& y,
                             const double* events) = 0;
  virtual void step(const DenseStep<LaneStepper<M>>& step) = 0;
  virtual void end_segment(double time, const StateOf<M>& y) = 0;

  /// Longest piece of a step whose signals are wanted, s; zero if none are.
  virtual double signal_interval() const { return 0.0; }
  /// Which signals those are. Others may be filled in as well.
  virtual SignalPartsOf<M> signal_parts() const { return {}; }
  /// A piece of an accepted step, after step(): over [begin, end] (absolute, s) signal i has the mean mean[i * stride]
  /// and rises by rise[i * stride], by the method's Gauss rule.
  virtual void signals(double /*begin*/, double /*end*/, const double* /*mean*/, const double* /*rise*/,
                       std::size_t /*stride*/) {}
};

/// One run. What is pointed to must outlive its time in the pool.
template <Model M> struct LaneRun {
  StateOf<M> state{}; ///< where it starts; when it is back, the state at report.time
  const ParametersOf<M>* parameters = nullptr;
  const Timeline<ControlsOf<M>>* timeline = nullptr;
  const IntegrationOptions* options = nullptr;
  LaneWatcher<M>* watcher = nullptr; ///< may be null
  RunReport report{};                ///< as of core::integrate
  std::exception_ptr error{};        ///< what the watcher or options.cancel threw
};

template <Model M> class LanePool {
public:
  virtual ~LanePool() = default;
  /// Runs side by side.
  virtual std::size_t lanes() const = 0;
  /// Takes a run that waits for a lane. Throws std::invalid_argument as core::integrate.
  virtual void add(LaneRun<M>& run) = 0;
  /// Runs that wait or are in lanes.
  virtual std::size_t pending() const = 0;
  /// Integrates until a run is over, and hands it back; null if none is pending.
  virtual LaneRun<M>* next() = 0;
};

} // namespace limbflow::core
