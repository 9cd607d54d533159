// What a pulsatile run reports: signals averaged over one beat around each time, so that both fidelities speak of the same
// thing.
//
//   S(t) = (1/T) * integral of s from t - T/2 to t + T/2,  T: one beat; at the ends of the run the window is moved inside
//
// An observer for core/integrate.hpp that keeps the running integral of every signal at every step (Simpson's rule on the
// dense output; the steps resolve the pulse).
#pragma once

#include "core/model.hpp"
#include "core/recorder.hpp"
#include "core/timeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace limbflow::models {

template <core::Model M>
class BeatMeanRecorder {
public:
  /// period: length of a beat, s. The timeline must outlive the recorder.
  BeatMeanRecorder(const core::Timeline<core::ControlsOf<M>>& timeline, const core::ParametersOf<M>& model_parameters, double period)
      : course(&timeline), parameters(model_parameters), beat(period), count(M::signals().size()) {
    for (auto& values : nodes)
      values.resize(count);
    times.push_back(timeline.begin());
    integrals.assign(count, 0.0);
  }

  void begin_segment(std::size_t, const core::Segment<core::ControlsOf<M>>& segment, const core::StateOf<M>& y) {
    current = &segment;
    evaluate(segment.begin, y, nodes[0]);
  }

  template <class Step>
  void step(const Step& step) {
    core::StateOf<M> y;
    for (const std::size_t node : {1, 2}) {
      step.state_at_fraction(0.5 * static_cast<double>(node), y);
      evaluate(step.time_at_fraction(0.5 * static_cast<double>(node)), y, nodes[node]);
    }
    const std::size_t before = integrals.size() - count;
    for (std::size_t i = 0; i < count; ++i)
      integrals.push_back(integrals[before + i] +
                          step.length() / 6.0 * (nodes[0][i] + 4.0 * nodes[1][i] + nodes[2][i]));
    times.push_back(step.end());
    nodes[0].swap(nodes[2]);
  }

  void end_segment(double, const core::StateOf<M>&) {}

  /// How far the run came, s.
  double end() const { return times.back(); }

  /// Beat means of all signals around a time, written to out[0..signals).
  void sample(double t, double* out) const {
    const double window = std::min(beat, end() - times.front());
    const double from = std::clamp(t - 0.5 * window, times.front(), end() - window);
    if (!(window > 0.0)) {
      std::copy(nodes[0].begin(), nodes[0].end(), out);
      return;
    }
    std::vector<double> high(count), low(count);
    integral_at(from + window, high.data());
    integral_at(from, low.data());
    for (std::size_t i = 0; i < count; ++i)
      out[i] = (high[i] - low[i]) / window;
  }

  /// What the beat means did over all segments of a group, as far as the run came; one per signal. Means and integrals
  /// are exact, extrema are looked for eight times a beat.
  std::vector<core::SignalSummary> summaries(int group) const {
    std::vector<core::SignalSummary> result(count);
    std::vector<double> values(count), first(count), last(count);
    for (const auto& segment : course->segments()) {
      const double last_time = std::min(segment.end, end());
      if (segment.group != group || !(last_time > segment.begin))
        continue;
      integral_at(segment.begin, first.data());
      integral_at(last_time, last.data());
      const auto pieces = static_cast<std::size_t>(std::ceil((last_time - segment.begin) / (0.125 * beat))) + 1;
      for (std::size_t k = 0; k <= pieces; ++k) {
        const double t = k == pieces ? last_time
                                     : segment.begin + (last_time - segment.begin) * static_cast<double>(k) /
                                                           static_cast<double>(pieces);
        sample(t, values.data());
        for (std::size_t i = 0; i < count; ++i) {
          if (result[i].empty()) {
            result[i].first = values[i];
            result[i].first_time = t;
          }
          result[i].include(t, values[i]);
          result[i].last = values[i];
          result[i].last_time = t;
        }
      }
      for (std::size_t i = 0; i < count; ++i) {
        result[i].integral += last[i] - first[i];
        result[i].duration += last_time - segment.begin;
      }
    }
    return result;
  }

private:
  void evaluate(double t, const core::StateOf<M>& y, std::vector<double>& values) {
    M::template evaluate_signals<double>(t, y.data(), parameters, current->controls, values.data());
  }

  void integral_at(double t, double* out) const {
    const auto later = std::upper_bound(times.begin(), times.end(), t);
    const auto right = std::min<std::size_t>(static_cast<std::size_t>(later - times.begin()), times.size() - 1);
    const std::size_t left = right == 0 ? 0 : right - 1;
    const double span = times[right] - times[left];
    const double share = span > 0.0 ? std::clamp((t - times[left]) / span, 0.0, 1.0) : 0.0;
    for (std::size_t i = 0; i < count; ++i)
      out[i] = integrals[left * count + i] + share * (integrals[right * count + i] - integrals[left * count + i]);
  }

  const core::Timeline<core::ControlsOf<M>>* course;
  core::ParametersOf<M> parameters;
  double beat;
  std::size_t count;
  const core::Segment<core::ControlsOf<M>>* current = nullptr;
  std::array<std::vector<double>, 3> nodes; // signals at the start, middle and end of the step
  std::vector<double> times;
  std::vector<double> integrals; // [time][signal]
};

} // namespace limbflow::models
