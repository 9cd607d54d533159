#pragma once
/// Events found by root: sign changes of a model's event functions, located on the dense output of a step.
///
/// Each step is looked at in two halves, so an excursion through zero and back that is shorter than half a step can be
/// missed; limit the step (IntegrationOptions::maximum_step) where that matters. An event function that starts at zero
/// has not crossed it. One that reaches zero exactly has, once. A jump through zero at a breakpoint, where the controls
/// change, is an event at the breakpoint. Two crossings of one function closer than `event_time_tolerance` are one
/// event.

#include "core/model.hpp"
#include "core/outcome.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace limbflow::core {

/// s; the root of the dense output is bracketed to this.
inline constexpr double event_time_tolerance = 1e-9;

template <Model M> class EventWatch {
public:
  /// `record` receives every event and must outlive the watch.
  explicit EventWatch(std::vector<EventRecord>& record) : found(&record) {
    if constexpr (ModelWithEvents<M>) {
      const std::size_t count = M::events().size();
      side.assign(count, 0);
      last_time.assign(count, -std::numeric_limits<double>::infinity());
      values_before.resize(count);
      values_middle.resize(count);
      values_after.resize(count);
      scratch.resize(count);
      crossings.reserve(4 * count);
    }
  }

  /// Takes up the event functions under the controls of a new segment at absolute time t (s); `evaluate(values)` fills
  /// in what they are there. Returns the index of a terminal event that the change of controls set off.
  template <class Evaluate> std::optional<std::size_t> begin_segment(double t, Evaluate&& evaluate) {
    if constexpr (ModelWithEvents<M>) {
      evaluate(values_after);
      crossings.clear();
      for (std::size_t i = 0; i < side.size(); ++i) {
        const int came_from = side[i];
        if (crosses(i, values_after[i]))
          crossings.push_back({0.0, i, -came_from});
      }
      return accept([&](double) { return t; });
    } else
      return std::nullopt;
  }

  /// Looks through an accepted step; `Step` gives time_at_fraction(fraction) and length() in s, `evaluate(fraction,
  /// values)` fills in the event functions at a fraction of the step. Returns the fraction of the step at which a
  /// terminal event ends the run, and stores its index in `terminal`.
  template <class Step, class Evaluate>
  std::optional<double> scan(const Step& step, Evaluate&& evaluate, std::size_t& terminal) {
    if constexpr (ModelWithEvents<M>) {
      values_before.swap(values_after);
      evaluate(0.5, values_middle);
      evaluate(1.0, values_after);
      crossings.clear();
      const auto search = [&](double from, const std::vector<double>& at_from, double to,
                              const std::vector<double>& at_to) {
        for (std::size_t i = 0; i < side.size(); ++i) {
          const int came_from = side[i];
          if (!crosses(i, at_to[i]))
            continue;
          double root = to;
          if (sign(at_to[i]) == -came_from && sign(at_from[i]) == came_from) {
            const auto function = [&](double fraction) {
              evaluate(fraction, scratch);
              return scratch[i];
            };
            const auto close_enough = [&](double a, double b) {
              return (b - a) * step.length() <= event_time_tolerance / 4 ||
                     b - a <= 4 * std::numeric_limits<double>::epsilon();
            };
            std::uintmax_t iterations = 100;
            root = boost::math::tools::toms748_solve(function, from, to, at_from[i], at_to[i], close_enough, iterations)
                       .second;
          }
          crossings.push_back({root, i, -came_from});
        }
      };
      search(0.0, values_before, 0.5, values_middle);
      search(0.5, values_middle, 1.0, values_after);
      if (crossings.empty())
        return std::nullopt;
      std::sort(crossings.begin(), crossings.end(), [](const Crossing& a, const Crossing& b) {
        return a.fraction < b.fraction || (a.fraction == b.fraction && a.index < b.index);
      });
      double ended_at = 1.0;
      const auto ending = accept([&](double fraction) {
        ended_at = fraction;
        return step.time_at_fraction(fraction);
      });
      if (!ending)
        return std::nullopt;
      terminal = *ending;
      return ended_at;
    } else
      return std::nullopt;
  }

private:
  struct Crossing {
    double fraction;
    std::size_t index;
    int direction;
  };

  static int sign(double value) { return value > 0.0 ? 1 : (value < 0.0 ? -1 : 0); }

  /// Moves function i on to a new value and says whether it went through zero, or reached it.
  bool crosses(std::size_t i, double value) {
    if (std::isnan(value))
      return false;
    const int came_from = side[i];
    const int now = sign(value);
    side[i] = now;
    return came_from != 0 && now != came_from;
  }

  /// Files the crossings that have the direction asked for, in order, up to the first terminal one, and returns its
  /// index. A crossing the other way counts for the distance in time, too: where the controls change, round-off can
  /// throw a function back over zero.
  template <class TimeOf> std::optional<std::size_t> accept(TimeOf&& time_of) {
    for (const Crossing& crossing : crossings) {
      const double time = time_of(crossing.fraction);
      if (time - last_time[crossing.index] <= event_time_tolerance)
        continue;
      last_time[crossing.index] = time;
      const EventInfo& info = M::events()[crossing.index];
      if (info.direction != 0 && info.direction != crossing.direction)
        continue;
      found->push_back({std::string(info.name), time, crossing.direction});
      if (info.terminal)
        return crossing.index;
    }
    return std::nullopt;
  }

  std::vector<EventRecord>* found;
  std::vector<int> side; ///< sign that each function last had; 0 when it is at zero or not yet known
  std::vector<double> last_time;
  std::vector<double> values_before, values_middle, values_after, scratch;
  std::vector<Crossing> crossings;
};

} // namespace limbflow::core
