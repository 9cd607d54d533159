#pragma once
/// What runs side by side share with the method that steps them: the model with its numbers in lanes, the state, the step.
/// Include it only in files that are compiled once for each instruction set (core/CMakeLists.txt).

#include "core/lanes.hpp"
#include "core/model.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace limbflow::core {
inline namespace HWY_NAMESPACE {

/// Plain values of a model, one set a lane. `Set<T>` holds nothing but values of T, or does not depend on T.
template <template <class> class Set> class LaneValues {
public:
  const Set<Lanes>& in_lanes() const { return values; }

  /// Puts one scenario's values into a lane.
  void set(std::size_t lane, const Set<double>& from) {
    if constexpr (!std::is_empty_v<Set<double>>) {
      static_assert(std::is_trivially_copyable_v<Set<double>> && sizeof(Set<Lanes>) == Lanes::count * sizeof(from),
                    "a lane needs values that are all of the scalar's type");
      constexpr std::size_t count = sizeof(from) / sizeof(double);
      const auto flat = std::bit_cast<std::array<double, count>>(from);
      auto* to = reinterpret_cast<double*>(&values);
      for (std::size_t i = 0; i < count; ++i)
        to[i * Lanes::count + lane] = flat[i];
    }
  }

  /// One scenario's values in all lanes.
  void fill(const Set<double>& from) {
    for (std::size_t lane = 0; lane < Lanes::count; ++lane)
      set(lane, from);
  }

private:
  alignas(Lanes) Set<Lanes> values{};
};

/// A method (core/explicit_steps.hpp, core/rosenbrock_steps.hpp) takes a step of `length` from `before` at `time` to `after`, and
/// says how good it is in `weighted` and `error`. A lane without a run has the length 0.
template <Model M> struct LaneProblem {
  static constexpr std::size_t size = M::state_count;
  using Vector = std::array<Lanes, size>;

  LaneValues<M::template Parameters> parameters;
  LaneValues<M::template Controls> controls;
  alignas(Lanes) Vector before{}, after{}, probe{}; ///< probe: for whoever needs a state
  alignas(Lanes) Vector absolute{};                 ///< tolerances
  alignas(Lanes) Vector weighted{};                 ///< errors of the step over what is tolerated
  Lanes origin{0.0}, time{0.0}, length{0.0};        ///< of the segment, absolute; of the step, local; s
  Lanes relative{1.0}, error{0.0};                  ///< tolerance; largest of the weighted errors

  /// Kept out of line: it would be inlined once a stage.
  HWY_NOINLINE void right_hand_side(const Lanes& local, const Vector& y, Vector& dydt) const {
    M::template rhs<Lanes>(origin + local, y.data(), dydt.data(), parameters.in_lanes(), controls.in_lanes());
  }

  /// One over what a state's error may be.
  HWY_INLINE Lanes per_weight(std::size_t i) const {
    return 1.0 / (absolute[i] + relative * max(abs(before[i]), abs(after[i])));
  }

  /// Takes a state's error for `weighted`: infinite where it or the state after the step is not finite.
  HWY_INLINE void weigh(std::size_t i, const Lanes& of_state, const Lanes& per_weight) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const Lanes finite = after[i] - after[i]; // zero, or NaN
    const Lanes sum = abs(of_state) * per_weight + finite;
    weighted[i] = select(sum < infinity, sum, Lanes(infinity));
  }
};

} // namespace HWY_NAMESPACE
} // namespace limbflow::core
