// What integrations of tests and benchmarks keep: the state at the end of every segment, alone and in lanes.
#pragma once

#include "core/lane_pool.hpp"
#include "core/model.hpp"
#include "core/timeline.hpp"

#include <cstddef>
#include <vector>

namespace limbflow::core {

/// For `core::integrate`.
template <class State> struct SegmentEnds {
  std::vector<State>& ends;
  template <class... Any> void begin_segment(const Any&...) {}
  template <class Step> void step(const Step&) {}
  void end_segment(double, const State& y) { ends.push_back(y); }
};
template <class State> SegmentEnds(std::vector<State>&) -> SegmentEnds<State>;

/// For a member of a lane pool.
template <class M> struct LaneSegmentEnds : LaneWatcher<M> {
  std::vector<StateOf<M>> ends;
  void begin_segment(std::size_t, const Segment<ControlsOf<M>>&, const StateOf<M>&, const double*) override {}
  void step(const DenseStep<LaneStepper<M>>&) override {}
  void end_segment(double, const StateOf<M>& y) override { ends.push_back(y); }
};

} // namespace limbflow::core
