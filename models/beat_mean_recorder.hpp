// What a run reports: signals averaged over one beat around each time, so that both fidelities speak of the same thing.
//
//   S(t) = mean of s over the beat around t; beats are counted by the heart rate, which moves with effort
//
// The window never leaves the part of the protocol that t is in (a set, a rest, ...), nor the stretch of one fidelity: near their
// ends the window is moved inside, and what is shorter than a beat is averaged whole. At a change the later part counts.
//
// Signals are chosen by their place in evaluate_signals(), fibre classes included; what nobody asks for costs nothing.
// The running integral of every chosen signal is kept piece by piece: a piece is a step of the integration, cut so that there is at
// least one a beat, over which a signal is a straight line with the mean and the rise that the two-point Gauss rule gives it. One
// recorder serves a run whose stretches are integrated in different fidelities.
#pragma once

#include "core/recorder.hpp"
#include "core/timeline.hpp"
#include "models/limb.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace limbflow::models {

class BeatMeanRecorder {
public:
  /// window: beats that a value is the mean of; 1, or much less to see the waveform. wanted: places of signals in what
  /// evaluate_signals() gives; the heart rate, which counts the beats, is kept with them. Columns are in order of place.
  BeatMeanRecorder(const LimbParameters<double>& limb, double window, std::vector<std::size_t> wanted)
      : longest_piece(std::min(1.0, pieces_per_window * window) / limb.heart_rate), looks(looks_per_beat * limb.heart_rate),
        window_beats(window), chosen(std::move(wanted)) {
    chosen.push_back(signal_heart_rate);
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    count = chosen.size();
    heart_rate_column = column(signal_heart_rate);
    limb_columns = static_cast<std::size_t>(
        std::lower_bound(chosen.begin(), chosen.end(), static_cast<std::size_t>(limb_signal_count)) - chosen.begin());
    const auto is_chosen = [&](std::size_t signal) { return std::binary_search(chosen.begin(), chosen.end(), signal); };
    parts_asked.refill = is_chosen(signal_capillary_refill_time);
    parts_asked.pulse = is_chosen(signal_pulse_amplitude);
    parts_asked.fibres = limb_columns < count;
    times.push_back(0.0);
    beats.push_back(0.0);
    integrals.assign(count, 0.0);
  }

  /// A stretch of one fidelity begins: no window reaches across.
  void new_stretch() { cut_here = true; }

  /// A segment begins.
  void enter(const core::Segment<LimbControls<double>>& segment) {
    if (cut_here || parts.empty() || parts.back().group != segment.group)
      parts.push_back({segment.begin, segment.begin, segment.group});
    cut_here = false;
  }

  /// Longest piece that take() is to be given, s.
  double longest() const { return longest_piece; }
  /// Which signals it needs.
  const SignalParts& needs() const { return parts_asked; }

  /// A piece of the run, that follows on the one before, up to `end` (s): of signal i the mean, mean[i * stride], and by how much
  /// it rises, rise[i * stride].
  void take(double end, const double* mean, const double* rise, std::size_t stride) {
    const double length = end - times.back();
    const std::size_t now = integrals.size();
    integrals.resize(now + count);
    rises.resize(now);
    for (std::size_t i = 0; i < count; ++i) {
      integrals[now + i] = integrals[now + i - count] + length * mean[chosen[i] * stride];
      rises[now - count + i] = rise[chosen[i] * stride];
    }
    times.push_back(end);
    beats.push_back(integrals[integrals.size() - count + heart_rate_column] / 60.0);
    parts.back().end = end;
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
  void sample(double t, double* out) const {
    Cursor cursor;
    sample_within(part_at(t), t, {0, count}, out, cursor);
  }

  /// Beat mean of one column around a time.
  double sample(double t, std::size_t which) const {
    double value = 0.0;
    Cursor cursor;
    sample_within(part_at(t), t, {which, which + 1}, &value, cursor);
    return value;
  }

  /// What the beat means did over all parts of a group, as far as the run came; one per column of the whole limb, which come
  /// before those of fibre classes. Means and integrals are those of the signal itself; extrema are looked for 8 times a
  /// resting beat.
  std::vector<core::SignalSummary> summaries(int group) const {
    std::vector<core::SignalSummary> result(limb_columns);
    std::vector<double> values(limb_columns);
    for (const Part& part : parts) {
      const double last_time = std::min(part.end, end());
      if (part.group != group || !(last_time > part.begin))
        continue;
      const auto pieces = static_cast<std::size_t>(std::ceil((last_time - part.begin) * looks));
      Cursor cursor;
      for (std::size_t k = 0; k <= pieces; ++k) {
        const double t =
            k == pieces ? last_time
                        : part.begin + (last_time - part.begin) * static_cast<double>(k) / static_cast<double>(pieces);
        sample_within(part, t, {0, limb_columns}, values.data(), cursor);
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
  static constexpr double pieces_per_window = 25.0; // of a window shorter than a beat
  static constexpr double looks_per_beat = 8.0;
  static constexpr double shortest_window = 1e-9; // s

  struct Part {
    double begin;
    double end;
    int group;
  };

  struct Columns {
    std::size_t first, end;
  };

  /// Where the last look was: looks that follow each other are close.
  struct Cursor {
    std::size_t middle = 0, from = 0, to = 0, from_beat = 0, to_beat = 0;
  };

  const Part& part_at(double t) const {
    const auto later =
        std::upper_bound(parts.begin(), parts.end(), t, [](double time, const Part& part) { return time < part.begin; });
    return later == parts.begin() ? parts.front() : *std::prev(later);
  }

  void sample_within(const Part& part, double t, Columns columns, double* out, Cursor& cursor) const {
    const double first = beats_at(part.begin);
    const double last = beats_at(part.end);
    const double window = std::min(window_beats, last - first);
    if (!(window > 0.0)) { // the run ended where this part begins
      for (std::size_t i = columns.first; i < columns.end; ++i)
        *out++ = last_value(i);
      return;
    }
    const double from_beats = std::clamp(beats_at(position(t, cursor.middle)) - 0.5 * window, first, last - window);
    const double from = std::max(part.begin, time_of(from_beats, cursor.from_beat));
    const double to = std::min(part.end, time_of(from_beats + window, cursor.to_beat));
    if (to - from < shortest_window) { // too short to divide by: the mean of the piece around it
      const Position around = position(0.5 * (from + to), cursor.from);
      for (std::size_t i = columns.first; i < columns.end; ++i)
        *out++ = (integrals[around.right * count + i] - integrals[around.left * count + i]) / around.span;
      return;
    }
    const Position end = position(to, cursor.to);
    const Position begin = position(from, cursor.from);
    for (std::size_t i = columns.first; i < columns.end; ++i)
      *out++ = (integral_at(end, i) - integral_at(begin, i)) / (to - from);
  }

  double last_value(std::size_t column) const {
    const std::size_t last = times.size() - 1;
    if (last == 0)
      return std::numeric_limits<double>::quiet_NaN();
    const double mean = (integrals[last * count + column] - integrals[(last - 1) * count + column]) /
                        (times[last] - times[last - 1]);
    return mean + 0.5 * rises[(last - 1) * count + column];
  }

  /// The first place of a value above x in ascending values, sought near a hint, which moves there.
  static std::size_t place_above(const std::vector<double>& values, double x, std::size_t& hint) {
    const auto is_here = [&](std::size_t place) {
      return place <= values.size() && (place == 0 || values[place - 1] <= x) && (place == values.size() || x < values[place]);
    };
    if (!is_here(hint))
      hint = is_here(hint + 1)
                 ? hint + 1
                 : static_cast<std::size_t>(std::upper_bound(values.begin(), values.end(), x) - values.begin());
    return hint;
  }

  struct Position {
    std::size_t left, right;
    double share, span; // of the piece from left to right; its length, s
  };

  Position position(double t, std::size_t& hint) const {
    const std::size_t right = std::min(place_above(times, t, hint), times.size() - 1);
    const std::size_t left = right == 0 ? 0 : right - 1;
    const double span = times[right] - times[left];
    return {left, right, span > 0.0 ? std::clamp((t - times[left]) / span, 0.0, 1.0) : 0.0, span};
  }
  Position position(double t) const {
    std::size_t anywhere = 0;
    return position(t, anywhere);
  }

  // Beats since the start: the running integral of the heart rate, in which a beat's pieces are straight.
  double beats_at(const Position& at) const { return beats[at.left] + at.share * (beats[at.right] - beats[at.left]); }
  double beats_at(double t) const { return beats_at(position(t)); }

  double time_of(double beat, std::size_t& hint) const {
    const std::size_t right = std::clamp<std::size_t>(place_above(beats, beat, hint), 1, times.size() - 1);
    const double span = beats[right] - beats[right - 1];
    const double share = span > 0.0 ? std::clamp((beat - beats[right - 1]) / span, 0.0, 1.0) : 0.0;
    return times[right - 1] + share * (times[right] - times[right - 1]);
  }

  double integral_at(const Position& at, std::size_t i) const {
    const double before = integrals[at.left * count + i];
    return before + at.share * (integrals[at.right * count + i] - before) -
           0.5 * at.share * (1.0 - at.share) * at.span * rises[at.left * count + i];
  }

  double longest_piece; // s
  double looks;         // for extrema, 1/s
  double window_beats;
  std::vector<std::size_t> chosen; // columns, as places of signals
  std::size_t count = 0;
  std::size_t heart_rate_column = 0;
  std::size_t limb_columns = 0; // columns of the whole limb, before those of fibre classes
  SignalParts parts_asked;
  bool cut_here = true;
  std::vector<Part> parts;
  std::vector<double> times, beats; // at the borders of the pieces
  std::vector<double> integrals;    // [border][column]
  std::vector<double> rises;        // [piece][column]
};

} // namespace limbflow::models
