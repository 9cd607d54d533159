// What a run reports: signals averaged over one beat around each time, so that both fidelities speak of the same thing.
//
//   S(t) = mean of s over the beat around t; beats are counted by the heart rate, which moves with effort
//
// The window never leaves the part of the protocol that t is in (a set, a rest, ...), nor the stretch of one fidelity: near their
// ends the window is moved inside, and what is shorter than a beat is averaged whole. At a change the later part counts.
//
// The running integral of every signal is kept by Simpson's rule on the dense output, at least four intervals a beat (pulsatile
// steps are much shorter). One recorder serves a run whose stretches are integrated in different fidelities: `watch<M>()`
// gives the observer of a stretch.
#pragma once

#include "core/recorder.hpp"
#include "core/timeline.hpp"
#include "models/limb.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace limbflow::models {

class BeatMeanRecorder {
public:
  /// window: beats that a value is the mean of; 1, or much less to see the waveform.
  BeatMeanRecorder(const LimbParameters<double>& limb, double window)
      : parameters(limb), resolution(1.0 / (intervals_per_beat * limb.heart_rate)), window_beats(window) {
    for (auto& values : nodes)
      values.resize(count);
    for (auto& values : edges)
      values.resize(count);
    times.push_back(0.0);
    integrals.assign(count, 0.0);
  }

  /// A stretch of one fidelity begins: no window reaches across.
  void new_stretch() { cut_here = true; }

  /// Observer for core::integrate of a stretch of the run with the model M.
  template <core::Model M>
  struct Watch {
    BeatMeanRecorder& recorder;

    void begin_segment(std::size_t, const core::Segment<LimbControls<double>>& segment, const core::StateOf<M>& y) {
      recorder.enter(segment);
      recorder.evaluate<M>(segment.begin, y, recorder.nodes[0]);
    }
    template <class Step>
    void step(const Step& step) {
      recorder.take<M>(step);
    }
    void end_segment(double, const core::StateOf<M>&) {}
  };

  template <core::Model M>
  Watch<M> watch() {
    return {*this};
  }

  /// How far the run came, s.
  double end() const { return times.back(); }

  /// Beat means of all signals around a time, written to out[0..signals).
  void sample(double t, double* out) {
    const auto later =
        std::upper_bound(parts.begin(), parts.end(), t, [](double time, const Part& part) { return time < part.begin; });
    sample_within(later == parts.begin() ? parts.front() : *std::prev(later), t, out);
  }

  /// What the beat means did over all parts of a group, as far as the run came; one per signal. Means and integrals are
  /// those of the signal itself; extrema are looked for 32 times a resting beat.
  std::vector<core::SignalSummary> summaries(int group) {
    std::vector<core::SignalSummary> result(count);
    std::vector<double> values(count);
    for (const Part& part : parts) {
      const double last_time = std::min(part.end, end());
      if (part.group != group || !(last_time > part.begin))
        continue;
      const auto pieces =
          static_cast<std::size_t>(std::ceil((last_time - part.begin) * looks_per_interval / resolution));
      for (std::size_t k = 0; k <= pieces; ++k) {
        const double t =
            k == pieces ? last_time
                        : part.begin + (last_time - part.begin) * static_cast<double>(k) / static_cast<double>(pieces);
        sample_within(part, t, values.data());
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
      integral_at(last_time, edges[1]);
      integral_at(part.begin, edges[0]);
      for (std::size_t i = 0; i < count; ++i) {
        result[i].integral += edges[1][i] - edges[0][i];
        result[i].duration += last_time - part.begin;
      }
    }
    return result;
  }

private:
  static constexpr double intervals_per_beat = 4.0;
  static constexpr double looks_per_interval = 8.0;
  static constexpr double shortest_window = 1e-9; // s
  static constexpr std::size_t count = limb_signal_count;

  struct Part {
    double begin;
    double end;
    int group;
  };

  void enter(const core::Segment<LimbControls<double>>& segment) {
    controls = segment.controls;
    if (cut_here || parts.empty() || parts.back().group != segment.group)
      parts.push_back({segment.begin, segment.begin, segment.group});
    cut_here = false;
  }

  template <core::Model M>
  void evaluate(double t, const core::StateOf<M>& y, std::vector<double>& values) {
    M::template evaluate_signals<double>(t, y.data(), parameters, controls, values.data());
  }

  template <core::Model M, class Step>
  void take(const Step& step) {
    core::StateOf<M> y;
    const auto intervals = static_cast<std::size_t>(std::ceil(step.length() / resolution));
    const double share = 1.0 / static_cast<double>(intervals);
    for (std::size_t k = 0; k < intervals; ++k) {
      for (const std::size_t node : {1, 2}) {
        const double fraction =
            k + 1 == intervals && node == 2 ? 1.0 : (static_cast<double>(k) + 0.5 * static_cast<double>(node)) * share;
        step.state_at_fraction(fraction, y);
        evaluate<M>(step.time_at_fraction(fraction), y, nodes[node]);
      }
      const std::size_t before = integrals.size() - count;
      for (std::size_t i = 0; i < count; ++i)
        integrals.push_back(integrals[before + i] +
                            step.length() * share / 6.0 * (nodes[0][i] + 4.0 * nodes[1][i] + nodes[2][i]));
      times.push_back(k + 1 == intervals ? step.end() : step.time_at_fraction(static_cast<double>(k + 1) * share));
      nodes[0].swap(nodes[2]);
    }
    parts.back().end = step.end();
  }

  void sample_within(const Part& part, double t, double* out) {
    const double first = beats_at(part.begin);
    const double last = beats_at(part.end);
    const double window = std::min(window_beats, last - first);
    if (!(window > 0.0)) { // the run ended where this part begins
      std::copy(nodes[0].begin(), nodes[0].end(), out);
      return;
    }
    const double from_beats = std::clamp(beats_at(t) - 0.5 * window, first, last - window);
    const double from = std::max(part.begin, time_of(from_beats));
    const double to = std::min(part.end, time_of(from_beats + window));
    if (to - from < shortest_window) { // too short to divide by: the mean of the interval around it
      const auto [left, right, share] = position(0.5 * (from + to));
      for (std::size_t i = 0; i < count; ++i)
        out[i] = (integrals[right * count + i] - integrals[left * count + i]) / (times[right] - times[left]);
      return;
    }
    integral_at(to, edges[1]);
    integral_at(from, edges[0]);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = (edges[1][i] - edges[0][i]) / (to - from);
  }

  // Beats since the start: the running integral of the heart rate.
  double beats_of(std::size_t row) const { return integrals[row * count + signal_heart_rate] / 60.0; }

  double beats_at(double t) const {
    const auto [left, right, share] = position(t);
    return beats_of(left) + share * (beats_of(right) - beats_of(left));
  }

  double time_of(double beats) const {
    std::size_t low = 0;
    std::size_t high = times.size() - 1;
    while (high - low > 1) {
      const std::size_t middle = (low + high) / 2;
      (beats_of(middle) <= beats ? low : high) = middle;
    }
    const double span = beats_of(high) - beats_of(low);
    const double share = span > 0.0 ? std::clamp((beats - beats_of(low)) / span, 0.0, 1.0) : 0.0;
    return times[low] + share * (times[high] - times[low]);
  }

  struct Position {
    std::size_t left, right;
    double share;
  };

  Position position(double t) const {
    const auto later = std::upper_bound(times.begin(), times.end(), t);
    const auto right = std::min(static_cast<std::size_t>(later - times.begin()), times.size() - 1);
    const std::size_t left = right == 0 ? 0 : right - 1;
    const double span = times[right] - times[left];
    return {left, right, span > 0.0 ? std::clamp((t - times[left]) / span, 0.0, 1.0) : 0.0};
  }

  void integral_at(double t, std::vector<double>& out) const {
    const auto [left, right, share] = position(t);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = integrals[left * count + i] + share * (integrals[right * count + i] - integrals[left * count + i]);
  }

  LimbParameters<double> parameters;
  LimbControls<double> controls{};
  double resolution;   // longest interval of the running integral, s
  double window_beats;
  bool cut_here = true;
  std::vector<Part> parts;
  std::array<std::vector<double>, 3> nodes; // signals at the start, middle and end of an interval
  std::array<std::vector<double>, 2> edges; // integrals at the ends of a window
  std::vector<double> times;
  std::vector<double> integrals; // [time][signal]
};

} // namespace limbflow::models
