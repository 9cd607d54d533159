#pragma once
/// Forward-mode dual numbers: a value with its partial derivatives, for exact Jacobians and sensitivities of code that
/// is templated on its scalar. Arithmetic follows the chain rule; comparisons look at the value only; min, max and abs
/// take the derivative of the branch that they pick, and at a tie that of the first argument. Elementary functions are
/// found by argument-dependent lookup.
///
/// Griewank & Walther, Evaluating Derivatives, 2nd ed., chapter 3.

#include "core/model.hpp"

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <compare>
#include <cstddef>
#include <type_traits>

namespace limbflow::core {

template <std::size_t N> struct Dual {
  double value = 0.0;
  std::array<double, N> partials{};

  Dual() = default;
  /// A constant.
  Dual(double constant) : value(constant) {}
  /// The variable number `index`: its own partial is 1.
  static Dual variable(double value, std::size_t index) {
    Dual result(value);
    result.partials[index] = 1.0;
    return result;
  }

  Dual& operator+=(const Dual& b) { return *this = *this + b; }
  Dual& operator-=(const Dual& b) { return *this = *this - b; }
  Dual& operator*=(const Dual& b) { return *this = *this * b; }
  Dual& operator/=(const Dual& b) { return *this = *this / b; }

  // Friends defined here take a double on either side by conversion.
  friend Dual operator+(const Dual& a) { return a; }
  friend Dual operator-(const Dual& a) { return chain(a, -a.value, -1.0); }
  friend Dual operator+(const Dual& a, const Dual& b) { return chain(a, b, a.value + b.value, 1.0, 1.0); }
  friend Dual operator-(const Dual& a, const Dual& b) { return chain(a, b, a.value - b.value, 1.0, -1.0); }
  friend Dual operator*(const Dual& a, const Dual& b) { return chain(a, b, a.value * b.value, b.value, a.value); }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const double quotient = a.value / b.value;
    return chain(a, b, quotient, 1.0 / b.value, -quotient / b.value);
  }

  friend bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
  friend auto operator<=>(const Dual& a, const Dual& b) { return a.value <=> b.value; }

  friend Dual exp(const Dual& a) {
    const double e = std::exp(a.value);
    return chain(a, e, e);
  }
  friend Dual expm1(const Dual& a) { return chain(a, std::expm1(a.value), std::exp(a.value)); }
  friend Dual log(const Dual& a) { return chain(a, std::log(a.value), 1.0 / a.value); }
  friend Dual log1p(const Dual& a) { return chain(a, std::log1p(a.value), 1.0 / (1.0 + a.value)); }
  friend Dual sqrt(const Dual& a) {
    const double root = std::sqrt(a.value);
    return chain(a, root, 0.5 / root);
  }
  friend Dual tanh(const Dual& a) {
    const double t = std::tanh(a.value);
    return chain(a, t, 1.0 - t * t);
  }
  friend Dual sin(const Dual& a) { return chain(a, std::sin(a.value), std::cos(a.value)); }
  friend Dual cos(const Dual& a) { return chain(a, std::cos(a.value), -std::sin(a.value)); }
  friend Dual abs(const Dual& a) { return a.value < 0.0 ? -a : a; }
  /// A step function: its derivative is zero wherever it has one.
  friend Dual floor(const Dual& a) { return Dual(std::floor(a.value)); }

  friend Dual pow(const Dual& a, double exponent) {
    return chain(a, std::pow(a.value, exponent), exponent == 0.0 ? 0.0 : exponent * std::pow(a.value, exponent - 1.0));
  }
  friend Dual pow(double base, const Dual& b) {
    const double power = std::pow(base, b.value);
    return chain(b, power, power == 0.0 ? 0.0 : power * std::log(base)); // 0^b stays 0
  }
  /// The base must be positive for the derivative to the exponent.
  friend Dual pow(const Dual& a, const Dual& b) {
    const double power = std::pow(a.value, b.value);
    return chain(a, b, power, b.value == 0.0 ? 0.0 : b.value * std::pow(a.value, b.value - 1.0),
                 power * std::log(a.value));
  }

  friend Dual min(const Dual& a, const Dual& b) { return b.value < a.value ? b : a; }
  friend Dual max(const Dual& a, const Dual& b) { return a.value < b.value ? b : a; }

private:
  /// f(a) with f'(a).
  static Dual chain(const Dual& a, double value, double slope) {
    Dual result(value);
    for (std::size_t i = 0; i < N; ++i)
      result.partials[i] = slope * a.partials[i];
    return result;
  }
  /// f(a, b) with its two partial derivatives.
  static Dual chain(const Dual& a, const Dual& b, double value, double slope_a, double slope_b) {
    Dual result(value);
    for (std::size_t i = 0; i < N; ++i)
      result.partials[i] = slope_a * a.partials[i] + slope_b * b.partials[i];
    return result;
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
