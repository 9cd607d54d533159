#pragma once
/// The course of a run: contiguous segments between known times, each with the controls that hold in it.
///
///   begin()                                                    end()
///     |---- segment 0 ----|-- segment 1 --|---- ... ----|-- n ---|
///     [a0               b0)[a1           b1)            [an      bn]
///
/// A segment holds on [begin, end): at a breakpoint the later segment rules. Only the last segment owns its end.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace limbflow::core {

/// One stretch of time with constant controls. Times are absolute, in s.
template <class Controls> struct Segment {
  double begin = 0.0;
  double end = 0.0;
  Controls controls{};
  std::string label{}; ///< what happens here, for reports and tables
  int group = 0; ///< summaries are kept per group (a set, a rest, ...); segments of one group need not be adjacent

  double duration() const { return end - begin; }
};

template <class Controls> class Timeline {
public:
  /// An empty timeline that starts at `begin` (s). Throws std::invalid_argument if it is not finite.
  explicit Timeline(double begin = 0.0) : start(begin) {
    if (!std::isfinite(begin))
      throw std::invalid_argument("timeline: the start time must be finite");
  }

  /// Takes segments in order of time. Throws std::invalid_argument naming every segment that is empty, not finite, or
  /// that does not begin where the one before it ends (gap or overlap).
  explicit Timeline(std::vector<Segment<Controls>> ordered) : list(std::move(ordered)) {
    std::ostringstream problems;
    problems.precision(17);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto& segment = list[i];
      if (!std::isfinite(segment.begin) || !std::isfinite(segment.end) || !(segment.end > segment.begin))
        problems << "\n  segment " << i << " (" << segment.label << "): [" << segment.begin << ", " << segment.end
                 << ") s is not a finite interval of positive length";
      if (i > 0 && segment.begin != list[i - 1].end)
        problems << "\n  segment " << i << " (" << segment.label << "): begins at " << segment.begin
                 << " s but the segment before it ends at " << list[i - 1].end << " s";
    }
    if (!problems.str().empty())
      throw std::invalid_argument("timeline:" + problems.str());
    if (!list.empty())
      start = list.front().begin;
  }

  /// Adds a segment of `duration` s at the end. Throws std::invalid_argument if the duration is not finite and
  /// positive, or is lost in the digits of the time reached.
  void append(double duration, Controls controls, std::string label = {}, int group = 0) {
    const double from = end();
    const double to = from + duration;
    if (!std::isfinite(duration) || !(duration > 0.0) || !std::isfinite(to) || !(to > from)) {
      std::ostringstream message;
      message << "timeline: segment " << list.size() << " (" << label << "): a duration of " << duration << " s from "
              << from << " s is not a finite interval of positive length";
      throw std::invalid_argument(message.str());
    }
    list.push_back({from, to, std::move(controls), std::move(label), group});
  }

  bool empty() const { return list.empty(); }
  std::size_t size() const { return list.size(); }
  double begin() const { return start; }
  double end() const { return list.empty() ? start : list.back().end; }
  double duration() const { return end() - begin(); }

  const std::vector<Segment<Controls>>& segments() const& { return list; }
  void segments() const&& = delete; ///< a loop over the segments of a temporary would outlive them
  const Segment<Controls>& operator[](std::size_t index) const { return list[index]; }

  /// Index of the segment that holds at time t (s); at a breakpoint the later one, at end() the last one.
  /// Throws std::out_of_range outside [begin(), end()].
  std::size_t index_at(double t) const {
    if (list.empty() || !(t >= begin()) || !(t <= end()))
      throw std::out_of_range("timeline: no segment at t = " + std::to_string(t) + " s");
    const auto later = std::upper_bound(list.begin(), list.end(), t,
                                        [](double time, const auto& segment) { return time < segment.begin; });
    return static_cast<std::size_t>(later - list.begin()) - 1;
  }

  const Segment<Controls>& segment_at(double t) const { return list[index_at(t)]; }

private:
  double start = 0.0;
  std::vector<Segment<Controls>> list;
};

} // namespace limbflow::core
