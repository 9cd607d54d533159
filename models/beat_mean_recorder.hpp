// What a run reports: signals averaged over one beat around each time, so that both fidelities speak of the same thing.
//
//   S(t) = (1/T) * integral of s from t - T/2 to t + T/2        T: one beat
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
#include "models/stretches.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace limbflow::models {

class BeatMeanRecorder {
public:
  /// period: length of a beat, s. Segments of a stretch with the same group that follow each other are one part.
  BeatMeanRecorder(const std::vector<Stretch>& stretches, const LimbParameters<double>& limb, double period)
      : parameters(limb), beat(period) {
    for (auto& values : nodes)
      values.resize(count);
    for (auto& values : edges)
      values.resize(count);
    times.push_back(stretches.front().timeline.begin());
    integrals.assign(count, 0.0);
    for (const Stretch& stretch : stretches) {
      const auto& segments = stretch.timeline.segments();
      for (std::size_t k = 0; k < segments.size(); ++k) {
        if (k == 0 || parts.back().group != segments[k].group)
          parts.push_back({segments[k].begin, segments[k].end, segments[k].group});
        parts.back().end = segments[k].end;
      }
    }
  }

  /// Observer for core::integrate of a stretch of the run with the model M.
  template <core::Model M>
  struct Watch {
    BeatMeanRecorder& recorder;

    void begin_segment(std::size_t, const core::Segment<LimbControls<double>>& segment, const core::StateOf<M>& y) {
      recorder.controls = segment.controls;
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
  /// those of the signal itself; extrema are looked for 32 times a beat.
  std::vector<core::SignalSummary> summaries(int group) {
    std::vector<core::SignalSummary> result(count);
    std::vector<double> values(count);
    for (const Part& part : parts) {
      const double last_time = std::min(part.end, end());
      if (part.group != group || !(last_time > part.begin))
        continue;
      const auto pieces = static_cast<std::size_t>(std::ceil((last_time - part.begin) * looks_per_beat / beat));
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
  static constexpr double looks_per_beat = 32.0;

  struct Part {
    double begin;
    double end;
    int group;
  };

  template <core::Model M>
  void evaluate(double t, const core::StateOf<M>& y, std::vector<double>& values) {
    M::template evaluate_signals<double>(t, y.data(), parameters, controls, values.data());
  }

  template <core::Model M, class Step>
  void take(const Step& step) {
    core::StateOf<M> y;
    const auto intervals = static_cast<std::size_t>(std::ceil(step.length() * intervals_per_beat / beat));
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
  }

  void sample_within(const Part& part, double t, double* out) {
    const double last = std::min(part.end, end());
    const double window = std::min(beat, last - part.begin);
    if (!(window > 0.0)) { // the run ended where this part begins
      std::copy(nodes[0].begin(), nodes[0].end(), out);
      return;
    }
    const double from = std::clamp(t - 0.5 * window, part.begin, last - window);
    integral_at(from + window, edges[1]);
    integral_at(from, edges[0]);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = (edges[1][i] - edges[0][i]) / window;
  }

  void integral_at(double t, std::vector<double>& out) const {
    const auto later = std::upper_bound(times.begin(), times.end(), t);
    const auto right = std::min(static_cast<std::size_t>(later - times.begin()), times.size() - 1);
    const std::size_t left = right == 0 ? 0 : right - 1;
    const double span = times[right] - times[left];
    const double share = span > 0.0 ? std::clamp((t - times[left]) / span, 0.0, 1.0) : 0.0;
    for (std::size_t i = 0; i < count; ++i)
      out[i] = integrals[left * count + i] + share * (integrals[right * count + i] - integrals[left * count + i]);
  }

  static constexpr std::size_t count = limb_signal_count;

  LimbParameters<double> parameters;
  LimbControls<double> controls{};
  double beat;
  std::vector<Part> parts;
  std::array<std::vector<double>, 3> nodes; // signals at the start, middle and end of an interval
  std::array<std::vector<double>, 2> edges; // integrals at the ends of a window
  std::vector<double> times;
  std::vector<double> integrals; // [time][signal]
};

} // namespace limbflow::models
