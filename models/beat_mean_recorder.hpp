// What a run reports: signals averaged over one beat around each time, so that both fidelities speak of the same thing.
//
//   S(t) = mean of s over the beat around t; beats are counted by the heart rate, which moves with effort
//
// The window never leaves the part of the protocol that t is in (a set, a rest, ...), nor the stretch of one fidelity: near their
// ends the window is moved inside, and what is shorter than a beat is averaged whole. At a change the later part counts.
//
// Signals are chosen by their place in evaluate_signals(), fibre classes included; what nobody asks for costs nothing.
// The running integral of every chosen signal is kept by Simpson's rule on the dense output, at least four intervals a beat (pulsatile
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
#include <utility>
#include <vector>

namespace limbflow::models {

class BeatMeanRecorder {
public:
  /// window: beats that a value is the mean of; 1, or much less to see the waveform. wanted: places of signals in what
  /// evaluate_signals() gives; the heart rate, which counts the beats, is kept with them. Columns are in order of place.
  BeatMeanRecorder(const LimbParameters<double>& limb, double window, std::vector<std::size_t> wanted)
      : parameters(limb), resolution(1.0 / (intervals_per_beat * limb.heart_rate)), window_beats(window),
        chosen(std::move(wanted)) {
    chosen.push_back(signal_heart_rate);
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    count = chosen.size();
    heart_rate_column = column(signal_heart_rate);
    limb_columns = static_cast<std::size_t>(
        std::lower_bound(chosen.begin(), chosen.end(), static_cast<std::size_t>(limb_signal_count)) - chosen.begin());
    parts_asked.pulse = std::binary_search(chosen.begin(), chosen.end(), static_cast<std::size_t>(signal_pulse_amplitude));
    parts_asked.fibres = limb_columns < count;
    for (auto& values : nodes)
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

  /// Places of the signals that are kept, in order: what the columns hold.
  const std::vector<std::size_t>& signals() const { return chosen; }

  /// The column of a signal that is kept.
  std::size_t column(std::size_t signal) const {
    return static_cast<std::size_t>(std::lower_bound(chosen.begin(), chosen.end(), signal) - chosen.begin());
  }

  /// Beat means of all columns around a time, written to out[0..columns).
  void sample(double t, double* out) const { sample_within(part_at(t), t, {0, count}, out); }

  /// Beat mean of one column around a time.
  double sample(double t, std::size_t which) const {
    double value = 0.0;
    sample_within(part_at(t), t, {which, which + 1}, &value);
    return value;
  }

  /// What the beat means did over all parts of a group, as far as the run came; one per column of the whole limb, which come
  /// before those of fibre classes. Means and integrals are those of the signal itself; extrema are looked for 32 times a
  /// resting beat.
  std::vector<core::SignalSummary> summaries(int group) const {
    std::vector<core::SignalSummary> result(limb_columns);
    std::vector<double> values(limb_columns);
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
        sample_within(part, t, {0, limb_columns}, values.data());
        for (std::size_t i = 0; i < limb_columns; ++i) {
          if (result[i].empty()) {
            result[i].first = values[i];
            result[i].first_time = t;
          }
          result[i].include(t, values[i]);
          result[i].last = values[i];
          result[i].last_time = t;
        }
      }
      const Position last = position(last_time);
      const Position first = position(part.begin);
      for (std::size_t i = 0; i < limb_columns; ++i) {
        result[i].integral += integral_at(last, i) - integral_at(first, i);
        result[i].duration += last_time - part.begin;
      }
    }
    return result;
  }

private:
  static constexpr double intervals_per_beat = 4.0;
  static constexpr double looks_per_interval = 8.0;
  static constexpr double shortest_window = 1e-9; // s

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

  struct Columns {
    std::size_t first, end;
  };

  template <core::Model M>
  void evaluate(double t, const core::StateOf<M>& y, std::vector<double>& values) {
    M::template evaluate_signals<double>(t, y.data(), parameters, controls, evaluated.data(), parts_asked);
    for (std::size_t i = 0; i < count; ++i)
      values[i] = evaluated[chosen[i]];
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

  const Part& part_at(double t) const {
    const auto later =
        std::upper_bound(parts.begin(), parts.end(), t, [](double time, const Part& part) { return time < part.begin; });
    return later == parts.begin() ? parts.front() : *std::prev(later);
  }

  void sample_within(const Part& part, double t, Columns columns, double* out) const {
    const double first = beats_at(part.begin);
    const double last = beats_at(part.end);
    const double window = std::min(window_beats, last - first);
    if (!(window > 0.0)) { // the run ended where this part begins
      for (std::size_t i = columns.first; i < columns.end; ++i)
        *out++ = nodes[0][i];
      return;
    }
    const double from_beats = std::clamp(beats_at(t) - 0.5 * window, first, last - window);
    const double from = std::max(part.begin, time_of(from_beats));
    const double to = std::min(part.end, time_of(from_beats + window));
    if (to - from < shortest_window) { // too short to divide by: the mean of the interval around it
      const auto [left, right, share] = position(0.5 * (from + to));
      for (std::size_t i = columns.first; i < columns.end; ++i)
        *out++ = (integrals[right * count + i] - integrals[left * count + i]) / (times[right] - times[left]);
      return;
    }
    const Position end = position(to);
    const Position begin = position(from);
    for (std::size_t i = columns.first; i < columns.end; ++i)
      *out++ = (integral_at(end, i) - integral_at(begin, i)) / (to - from);
  }

  // Beats since the start: the running integral of the heart rate.
  double beats_of(std::size_t row) const { return integrals[row * count + heart_rate_column] / 60.0; }

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

  double integral_at(const Position& at, std::size_t i) const {
    return integrals[at.left * count + i] + at.share * (integrals[at.right * count + i] - integrals[at.left * count + i]);
  }

  LimbParameters<double> parameters;
  LimbControls<double> controls{};
  double resolution;   // longest interval of the running integral, s
  double window_beats;
  std::vector<std::size_t> chosen; // columns, as places of signals
  std::size_t count = 0;
  std::size_t heart_rate_column = 0;
  std::size_t limb_columns = 0; // columns of the whole limb, before those of fibre classes
  SignalParts parts_asked;
  std::array<double, all_signal_count> evaluated{};
  bool cut_here = true;
  std::vector<Part> parts;
  std::array<std::vector<double>, 3> nodes; // signals at the start, middle and end of an interval
  std::vector<double> times;
  std::vector<double> integrals; // [time][column]
};

} // namespace limbflow::models
