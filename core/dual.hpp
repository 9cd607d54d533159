#pragma once
/// Forward-mode dual numbers: a value with its partial derivatives, for exact Jacobians and sensitivities of code that
/// is templated on its scalar. Arithmetic follows the chain rule; comparisons look at the value only; min, max and abs
/// take the derivative of the branch that they pick, and at a tie that of the first argument. Elementary functions are
/// found by argument-dependent lookup.
///
/// Griewank & Walther, Evaluating Derivatives, 2nd ed., chapter 3.

#include "core/model.hpp"
#include "core/scalar.hpp"

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace limbflow::core {

/// V: what the value and the partials are, double or Lanes (core/lanes.hpp).
template <std::size_t N, class V = double> struct Dual {
  using Condition = decltype(std::declval<const V&>() < std::declval<const V&>());

  V value = V(0.0);
  std::array<V, N> partials = filled(V(0.0));

  Dual() = default;
  /// A constant.
  Dual(double constant) : value(constant) {}
  explicit Dual(const V& constant)
    requires(!std::is_same_v<V, double>)
      : value(constant) {}
  /// The variable number `index`: its own partial is 1.
  static Dual variable(const V& value, std::size_t index) {
    Dual result(value);
    result.partials[index] = V(1.0);
    return result;
  }

  Dual& operator+=(const Dual& b) { return *this = *this + b; }
  Dual& operator-=(const Dual& b) { return *this = *this - b; }
  Dual& operator*=(const Dual& b) { return *this = *this * b; }
  Dual& operator/=(const Dual& b) { return *this = *this / b; }

  // Friends defined here take a double on either side by conversion.
  friend Dual operator+(const Dual& a) { return a; }
  friend Dual operator-(const Dual& a) {
    return each(-a.value, [&](std::size_t i) { return -a.partials[i]; });
  }
  friend Dual operator+(const Dual& a, const Dual& b) {
    return each(a.value + b.value, [&](std::size_t i) { return a.partials[i] + b.partials[i]; });
  }
  friend Dual operator-(const Dual& a, const Dual& b) {
    return each(a.value - b.value, [&](std::size_t i) { return a.partials[i] - b.partials[i]; });
  }
  friend Dual operator*(const Dual& a, const Dual& b) { return chain(a, b, a.value * b.value, b.value, a.value); }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const V quotient = a.value / b.value;
    return chain(a, b, quotient, 1.0 / b.value, -quotient / b.value);
  }

  friend Condition operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
  friend Condition operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
  friend Condition operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
  friend Condition operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
  friend Condition operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }

  friend Dual exp(const Dual& a) {
    using std::exp;
    const V e = exp(a.value);
    return chain(a, e, e);
  }
  friend Dual expm1(const Dual& a) {
    using std::exp;
    using std::expm1;
    return chain(a, expm1(a.value), exp(a.value));
  }
  friend Dual log(const Dual& a) {
    using std::log;
    return chain(a, log(a.value), 1.0 / a.value);
  }
  friend Dual log1p(const Dual& a) {
    using std::log1p;
    return chain(a, log1p(a.value), 1.0 / (1.0 + a.value));
  }
  friend Dual sqrt(const Dual& a) {
    using std::sqrt;
    const V root = sqrt(a.value);
    return chain(a, root, 0.5 / root);
  }
  friend Dual tanh(const Dual& a) {
    using std::tanh;
    const V t = tanh(a.value);
    return chain(a, t, 1.0 - t * t);
  }
  friend Dual sin(const Dual& a) {
    using std::cos;
    using std::sin;
    return chain(a, sin(a.value), cos(a.value));
  }
  friend Dual cos(const Dual& a) {
    using std::cos;
    using std::sin;
    return chain(a, cos(a.value), -sin(a.value));
  }
  friend Dual abs(const Dual& a) { return select(a.value < V(0.0), -a, a); }
  /// A step function: its derivative is zero wherever it has one.
  friend Dual floor(const Dual& a) {
    using std::floor;
    return Dual(floor(a.value));
  }

  friend Dual pow(const Dual& a, double exponent) {
    using std::pow;
    return chain(a, pow(a.value, exponent), exponent == 0.0 ? V(0.0) : exponent * pow(a.value, exponent - 1.0));
  }
  friend Dual pow(double base, const Dual& b) {
    using std::pow;
    const V power = pow(base, b.value);
    return chain(b, power, pick(power == V(0.0), V(0.0), power * std::log(base))); // 0^b stays 0
  }
  /// The base must be positive for the derivative to the exponent.
  friend Dual pow(const Dual& a, const Dual& b) {
    using std::log;
    using std::pow;
    const V power = pow(a.value, b.value);
    const V by_base = b.value * pow(a.value, b.value - 1.0);
    return chain(a, b, power, pick(b.value == V(0.0), V(0.0), by_base), power * log(a.value));
  }

  friend Dual select(const Condition& condition, const Dual& a, const Dual& b) {
    return each(pick(condition, a.value, b.value),
                [&](std::size_t i) { return pick(condition, a.partials[i], b.partials[i]); });
  }
  friend Dual min(const Dual& a, const Dual& b) { return select(b.value < a.value, b, a); }
  friend Dual max(const Dual& a, const Dual& b) { return select(a.value < b.value, b, a); }

private:
  static V pick(const Condition& condition, const V& a, const V& b) { return select(condition, a, b); }
  static constexpr std::array<V, N> filled(const V& with) {
    std::array<V, N> all;
    all.fill(with);
    return all;
  }
  /// A value with the partials that `of` gives one by one.
  template <class Of> static Dual each(const V& value, Of&& of) {
    Dual result(value);
    for (std::size_t i = 0; i < N; ++i)
      result.partials[i] = of(i);
    return result;
  }
  /// f(a) with f'(a).
  static Dual chain(const Dual& a, const V& value, const V& slope) {
    return each(value, [&](std::size_t i) { return slope * a.partials[i]; });
  }
  /// f(a, b) with its two partial derivatives.
  static Dual chain(const Dual& a, const Dual& b, const V& value, const V& slope_a, const V& slope_b) {
    return each(value,
                [&](std::size_t i) { return multiply_add(slope_a, a.partials[i], slope_b * b.partials[i]); });
  }
};

/// The same values in another scalar: through the type's own cast<U>(), or as they are if the type does not depend on
/// the scalar.
template <class To, class Scalar, class From> To cast_scalar(const From& from) {
  if constexpr (std::is_same_v<To, From>)
    return from;
  else
    return from.template cast<Scalar>();
}

/// d(dydt_i)/d(y_j) of a model at absolute time t (s) and state y (state_count values): exact to round-off. [state,
/// state].
template <Model M>
Eigen::Matrix<double, static_cast<int>(M::state_count), static_cast<int>(M::state_count)>
jacobian(double t, const double* y, const ParametersOf<M>& parameters, const ControlsOf<M>& controls) {
  constexpr std::size_t size = M::state_count;
  using Scalar = Dual<size>;
  std::array<Scalar, size> state, derivative;
  for (std::size_t j = 0; j < size; ++j)
    state[j] = Scalar::variable(y[j], j);
  M::template rhs<Scalar>(Scalar(t), state.data(), derivative.data(),
                          cast_scalar<typename M::template Parameters<Scalar>, Scalar>(parameters),
                          cast_scalar<typename M::template Controls<Scalar>, Scalar>(controls));
  Eigen::Matrix<double, static_cast<int>(size), static_cast<int>(size)> result;
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      result(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = derivative[i].partials[j];
  return result;
}

} // namespace limbflow::core
