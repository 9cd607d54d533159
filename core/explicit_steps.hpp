#pragma once
/// Steps of an explicit Runge-Kutta pair in lanes. The first stage is the last one of the step before; it is computed
/// afresh, for all lanes alike, when one of them has come to a new segment or holds a new run.

#include "core/explicit_methods.hpp"
#include "core/lane_problem.hpp"

#include <limits>
#include <utility>

namespace limbflow::core {
inline namespace HWY_NAMESPACE {

template <Model M, class Pair> class ExplicitSteps {
public:
  using Problem = LaneProblem<M>;
  using Vector = typename Problem::Vector;
  static constexpr std::size_t size = M::state_count;
  static constexpr int order = Pair::order;
  static constexpr auto signal_rule = Pair::signal_rule;
  /// Right-hand sides of a try, of one that was accepted besides, and for the inside of that.
  static constexpr std::size_t evaluations = Pair::stages, evaluations_after = 0, evaluations_inside = Pair::dense_stages;

  /// A lane is at a new place.
  void forget() { slopes_known = false; }

  /// Rates of change at `before`. In lanes where they were known they come out the same again.
  const Vector& slopes(Problem& at) {
    if (!slopes_known)
      at.right_hand_side(at.time, at.before, k[0]);
    slopes_known = true;
    return k[0];
  }

  /// All stages; `after`.
  void take(Problem& at) {
    slopes(at);
    inner_stages(at, std::make_index_sequence<Pair::stages - 1>{});
    combine<Pair::stages>(at, at.after);
    at.right_hand_side(at.time + at.length, at.after, k[Pair::stages]);
  }

  /// The weighted error of each lane's step; infinite where anything is not finite.
  void judge(Problem& at) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    using Indices = std::make_index_sequence<Pair::stages + 1>;
    Lanes largest(0.0), largest_low(0.0);
    for (std::size_t i = 0; i < size; ++i) {
      const Lanes per_weight = at.per_weight(i);
      Lanes estimate(0.0);
      add_stages<Pair::error>(estimate, i, Indices{});
      at.weigh(i, at.length * estimate, per_weight);
      largest = max(largest, at.weighted[i]);
      if constexpr (Pair::two_estimates) {
        Lanes low(0.0);
        add_stages<Pair::error_low>(low, i, Indices{});
        largest_low = max(largest_low, abs(at.length * low) * per_weight);
      }
    }
    at.error = largest;
    if constexpr (Pair::two_estimates) { // a geometric blend of the two, of order 8 (DOP853)
      const Lanes blended = largest * largest / sqrt(largest * largest + 0.01 * largest_low * largest_low);
      constexpr double no_square = 1e-100; // below, the blend's squares would vanish
      at.error = select(largest > no_square && largest < infinity, blended, largest);
      at.error = select(at.error < infinity, at.error, Lanes(infinity));
    }
  }

  /// What interpolate() needs of the step that was taken.
  void look_inside(Problem& at) {
    further_stages(at, std::make_index_sequence<Pair::dense_stages>{});
    dense_vectors(at, std::make_index_sequence<Pair::dense_vectors>{});
  }

  HWY_NOINLINE void interpolate(const Problem& at, const Lanes& fraction, Vector& out) const {
    const auto weight = Pair::dense_weights(fraction);
    const Lanes first = weight[2] * at.length, last = weight[3] * at.length;
    for (std::size_t i = 0; i < size; ++i) {
      Lanes sum = weight[0] * at.before[i];
      sum = multiply_add(weight[1], at.after[i], sum);
      sum = multiply_add(first, k[0][i], sum);
      sum = multiply_add(last, k[Pair::stages][i], sum);
      for (std::size_t q = 0; q < Pair::dense_vectors; ++q)
        sum = multiply_add(weight[4 + q], dense[q][i], sum);
      out[i] = sum;
    }
  }

  /// The lanes that move begin their next step where this one ends.
  void go_on(const LaneMask& moves) {
    for (std::size_t i = 0; i < size; ++i)
      k[0][i] = select(moves, k[Pair::stages][i], k[0][i]);
  }

private:
  static constexpr std::size_t all_stages = Pair::stages + 1 + Pair::dense_stages;

  // Of the method's tables: whole objects, which alone every compiler takes as template arguments.
  template <std::size_t Stage> static constexpr auto stage_weights = Pair::a[Stage];
  template <std::size_t Power> static constexpr auto dense_weights = Pair::dense[Power];

  template <std::size_t Stage> HWY_INLINE void combine(const Problem& at, Vector& out) const {
    for (std::size_t i = 0; i < size; ++i) {
      Lanes sum(0.0);
      add_stages<stage_weights<Stage>>(sum, i, std::make_index_sequence<Stage>{});
      out[i] = multiply_add(at.length, sum, at.before[i]);
    }
  }
  template <const auto& Weights, std::size_t... J>
  HWY_INLINE void add_stages(Lanes& sum, std::size_t i, std::index_sequence<J...>) const {
    (add_stage<Weights[J] != 0.0>(sum, Weights[J], k[J][i]), ...);
  }
  template <bool Counts> static HWY_INLINE void add_stage(Lanes& sum, double weight, const Lanes& slope) {
    if constexpr (Counts)
      sum = multiply_add(Lanes(weight), slope, sum);
  }

  template <std::size_t Stage> HWY_INLINE void stage(Problem& at) {
    combine<Stage>(at, at.probe);
    at.right_hand_side(multiply_add(at.length, Lanes(Pair::c[Stage]), at.time), at.probe, k[Stage]);
  }
  template <std::size_t... S> HWY_INLINE void inner_stages(Problem& at, std::index_sequence<S...>) { (stage<S + 1>(at), ...); }
  template <std::size_t... S> HWY_INLINE void further_stages(Problem& at, std::index_sequence<S...>) {
    (stage<Pair::stages + 1 + S>(at), ...);
  }

  template <std::size_t Q> HWY_INLINE void dense_vector(const Problem& at) {
    for (std::size_t i = 0; i < size; ++i) {
      Lanes sum(0.0);
      add_stages<dense_weights<Q>>(sum, i, std::make_index_sequence<all_stages>{});
      dense[Q][i] = at.length * sum;
    }
  }
  template <std::size_t... Q> HWY_INLINE void dense_vectors(const Problem& at, std::index_sequence<Q...>) {
    (dense_vector<Q>(at), ...);
  }

  std::array<Vector, all_stages> k{};
  std::array<Vector, Pair::dense_vectors> dense{};
  bool slopes_known = false; ///< k[0] is that of `time` and `before` in all lanes
};

} // namespace HWY_NAMESPACE
} // namespace limbflow::core
