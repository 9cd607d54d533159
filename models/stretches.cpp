#include "models/stretches.hpp"

#include "models/arterial_source.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace limbflow::models {

namespace {

/// Whole beats before a change of the cuff, so that what is reported up to it is the mean of a beat.
constexpr double beats_before_change = 1.0;
/// Beats after a change of the cuff until the averaged limb takes over.
constexpr double beats_after_change = 4.0;
/// A cut this close to a breakpoint is moved onto it, in beats.
constexpr double closest_cut = 1e-3;

struct Window {
  double begin;
  double end;
};

/// Stretches of time in which beats are resolved, ascending and apart.
std::vector<Window> beat_windows(const core::Timeline<LimbControls<double>>& timeline, const LimbParameters<double>& p) {
  const auto beats_at = [&](double t) { return p.heart_rate * t + p.start_phase - pulse_mean_phase; };
  const auto time_of = [&](double beats) { return (beats - p.start_phase + pulse_mean_phase) / p.heart_rate; };
  std::vector<Window> windows;
  for (const auto& segment : timeline.segments()) {
    if (segment.controls.cuff_pressure_rate == 0.0)
      continue;
    const Window window{std::max(timeline.begin(), time_of(std::floor(beats_at(segment.begin)) - beats_before_change)),
                        std::min(timeline.end(), time_of(std::ceil(beats_at(segment.end)) + beats_after_change))};
    if (!windows.empty() && window.begin <= windows.back().end)
      windows.back().end = std::max(windows.back().end, window.end);
    else
      windows.push_back(window);
  }
  return windows;
}

} // namespace

std::vector<Stretch> beat_resolved_stretches(const core::Timeline<LimbControls<double>>& timeline,
                                             const LimbParameters<double>& parameters) {
  const double closest = closest_cut / parameters.heart_rate;
  std::vector<std::pair<bool, std::vector<core::Segment<LimbControls<double>>>>> pieces;
  const std::vector<Window> windows = beat_windows(timeline, parameters);
  auto window = windows.begin();
  for (const auto& segment : timeline.segments()) {
    double begin = segment.begin;
    while (begin < segment.end) {
      while (window != windows.end() && window->end <= begin + closest)
        ++window;
      const bool inside = window != windows.end() && window->begin <= begin + closest;
      double end = segment.end;
      if (window != windows.end())
        end = std::min(end, inside ? window->end : window->begin);
      if (segment.end - end < closest)
        end = segment.end;
      auto piece = segment;
      piece.begin = begin;
      piece.end = end;
      if (pieces.empty() || pieces.back().first != inside)
        pieces.push_back({inside, {}});
      pieces.back().second.push_back(std::move(piece));
      begin = end;
    }
  }
  std::vector<Stretch> stretches;
  for (auto& [pulsatile, segments] : pieces)
    stretches.push_back({pulsatile, core::Timeline<LimbControls<double>>(std::move(segments))});
  return stretches;
}

} // namespace limbflow::models
