#pragma once
/// Steps of a Rosenbrock method in lanes: a Jacobian a step, a sparse LU a try, and a solution for each stage.
///
/// The Jacobian is that of `before` in every lane, worked out for all of them when one has moved: in the others it comes out the same again,
/// so that no lane's depends on its neighbours.

#include "core/lane_problem.hpp"
#include "core/rosenbrock_methods.hpp"
#include "core/sparse_jacobian.hpp"
#include "core/sparse_lu.hpp"

#include <limits>
#include <utility>

namespace limbflow::core {
inline namespace HWY_NAMESPACE {

template <Model M, class Method> class RosenbrockSteps {
public:
  using Problem = LaneProblem<M>;
  using Vector = typename Problem::Vector;
  static constexpr std::size_t size = M::state_count;
  static constexpr int order = Method::order;
  static constexpr auto signal_rule = Method::signal_rule;
  /// As of ExplicitSteps; the Jacobian brings the first stage.
  static constexpr std::size_t evaluations = Method::stages - 1, evaluations_after = 1, evaluations_inside = 0;

  void forget() { known = false; }

  const Vector& slopes(Problem& at) {
    if (!known)
      evaluate(at);
    known = true;
    return jacobian.rates();
  }

  void take(Problem& at) {
    slopes(at);
    const Lanes step = select(at.length > 0.0, at.length, Lanes(1.0));
    per_step = 1.0 / step;
    const Lanes shift = per_step * (1.0 / Method::gamma);
    factors.factor(shift, jacobian.entries());
    for (std::size_t i = 0; i < size; ++i)
      u[0][i] = multiply_add(at.length * Method::g[0], jacobian.of_time()[i], jacobian.rates()[i]);
    at.after = u[0];
    factors.solve(u[0].data());
    mistaken = backward_error(shift, at.after, u[0]) > largest_backward_error;
    further_stages(at, std::make_index_sequence<Method::stages - 1>{});
    for (std::size_t i = 0; i < size; ++i)
      at.after[i] = at.probe[i] + u[Method::stages - 1][i];
  }

  /// Infinite too where the factors do not solve what they are of.
  void judge(Problem& at) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    at.error = select(mistaken, Lanes(infinity), Lanes(0.0));
    for (std::size_t i = 0; i < size; ++i) {
      at.weigh(i, u[Method::stages - 1][i], at.per_weight(i));
      at.error = max(at.error, at.weighted[i]);
    }
  }

  void look_inside(Problem&) {
    for (std::size_t q = 0; q < Method::dense_vectors; ++q)
      for (std::size_t i = 0; i < size; ++i) {
        Lanes sum(0.0);
        for (std::size_t j = 0; j < Method::stages; ++j)
          sum = multiply_add(Lanes(Method::dense[q][j]), u[j][i], sum);
        dense[q][i] = sum;
      }
  }

  HWY_NOINLINE void interpolate(const Problem& at, const Lanes& fraction, Vector& out) const {
    const Lanes rest = 1.0 - fraction;
    for (std::size_t i = 0; i < size; ++i) {
      Lanes sum = dense[Method::dense_vectors - 1][i];
      for (std::size_t q = Method::dense_vectors - 1; q-- > 0;)
        sum = multiply_add(fraction, sum, dense[q][i]);
      sum = multiply_add(rest, sum, at.after[i]);
      out[i] = multiply_add(fraction, sum, rest * at.before[i]);
    }
  }

  void go_on(const LaneMask& moves) { known = known && !any(moves); }

private:
  HWY_NOINLINE void evaluate(const Problem& at) {
    jacobian.evaluate(at.origin + at.time, at.before.data(), at.parameters.in_lanes(), at.controls.in_lanes());
  }

  /// Beyond this the factors have lost what a step needs: they are made without pivoting.
  static constexpr double largest_backward_error = 1e-8;

  /// Of the solution x of (shift I - J) x = b: the largest residual of a row over the sizes of its terms (Oettli & Prager).
  Lanes backward_error(const Lanes& shift, const Vector& b, const Vector& x) {
    for (std::size_t i = 0; i < size; ++i) {
      const Lanes term = shift * x[i];
      residual[i] = b[i] - term;
      terms[i] = abs(b[i]) + abs(term);
    }
    const auto& entries = sparsity().entries;
    for (std::size_t e = 0; e < entries.size(); ++e) {
      const Lanes term = jacobian.entries()[e] * x[entries[e].column];
      residual[entries[e].row] += term;
      terms[entries[e].row] += abs(term);
    }
    Lanes worst(0.0);
    for (std::size_t i = 0; i < size; ++i) {
      const Lanes share = abs(residual[i]) / (terms[i] + std::numeric_limits<double>::min());
      worst = max(worst, select(share <= 1.0, share, Lanes(1.0))); // 1 where it is NaN
    }
    return worst;
  }

  template <std::size_t Stage> HWY_INLINE void stage(Problem& at) {
    for (std::size_t i = 0; i < size; ++i) {
      Lanes sum = at.before[i];
      for (std::size_t j = 0; j < Stage; ++j)
        sum = multiply_add(Lanes(Method::a[Stage][j]), u[j][i], sum);
      at.probe[i] = sum;
    }
    Vector& x = u[Stage];
    at.right_hand_side(multiply_add(at.length, Lanes(Method::c[Stage]), at.time), at.probe, x);
    const Lanes by_time = at.length * Method::g[Stage];
    for (std::size_t i = 0; i < size; ++i) {
      Lanes sum(0.0);
      for (std::size_t j = 0; j < Stage; ++j)
        sum = multiply_add(Lanes(Method::d[Stage][j]), u[j][i], sum);
      x[i] = multiply_add(by_time, jacobian.of_time()[i], multiply_add(per_step, sum, x[i]));
    }
    factors.solve(x.data());
  }
  template <std::size_t... S> HWY_INLINE void further_stages(Problem& at, std::index_sequence<S...>) {
    (stage<S + 1>(at), ...);
  }

  static const Sparsity& sparsity() {
    static const Sparsity of_model = sparsity_of<M>();
    return of_model;
  }
  static const EliminationPlan& plan() {
    static const EliminationPlan of_model(sparsity());
    return of_model;
  }

  SparseJacobian<M, Lanes> jacobian{sparsity()};
  SparseLU<Lanes> factors{plan()};
  std::array<Vector, Method::stages> u{};
  std::array<Vector, Method::dense_vectors> dense{};
  alignas(Lanes) Vector residual{}, terms{};
  Lanes per_step{1.0};
  LaneMask mistaken{Lanes(0.0) > 0.0};
  bool known = false; ///< the Jacobian is that of `time` and `before` in all lanes
};

} // namespace HWY_NAMESPACE
} // namespace limbflow::core
