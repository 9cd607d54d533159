#pragma once
/// A number that is divided by again and again: it carries its reciprocal, so that dividing by it costs a multiplication.

namespace limbflow::core {

/// `x / d` is x times the reciprocal of d, which differs from the quotient by at most a unit in the last place; elsewhere d is its value.
template <class T> struct Divisor {
  T value{};
  T reciprocal{};

  Divisor() = default;
  Divisor(const T& divisor) : value(divisor), reciprocal(1.0 / divisor) {}

  operator const T&() const { return value; }
  friend T operator/(const T& dividend, const Divisor& divisor) { return dividend * divisor.reciprocal; }
};

} // namespace limbflow::core
