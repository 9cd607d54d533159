// A double that counts what is done with it: how many floating-point operations model code costs along a real run.
//
// Sums, differences, products, quotients and roots count as one; elementary functions as many as the polynomials of the vector library
// have (core/lanes.hpp). Minima, maxima, comparisons, choices and signs are not counted: they are work, but no arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace limbflow::benchmarks {

struct Counts {
  std::size_t operations = 0;
  std::size_t rounds = 0; ///< in which an iteration that asks `any` went on
};
inline thread_local Counts counts;

inline constexpr std::size_t operations_of_exp = 30, operations_of_log = 35, operations_of_sine = 35;

struct CountedCondition {
  bool holds = false;
  friend CountedCondition operator&&(CountedCondition a, CountedCondition b) { return {a.holds && b.holds}; }
  friend bool any(CountedCondition a) {
    counts.rounds += a.holds;
    return a.holds;
  }
};

struct Counted {
  double value = 0.0;

  Counted() = default;
  Counted(double constant) : value(constant) {}
  Counted& operator+=(const Counted& b) { return *this = *this + b; }
  Counted& operator-=(const Counted& b) { return *this = *this - b; }
  Counted& operator*=(const Counted& b) { return *this = *this * b; }
  Counted& operator/=(const Counted& b) { return *this = *this / b; }

  // Friends defined here take a double on either side by conversion.
  friend Counted operator+(const Counted& a) { return a; }
  friend Counted operator-(const Counted& a) { return {-a.value}; }
  friend Counted operator+(const Counted& a, const Counted& b) { return done(1, a.value + b.value); }
  friend Counted operator-(const Counted& a, const Counted& b) { return done(1, a.value - b.value); }
  friend Counted operator*(const Counted& a, const Counted& b) { return done(1, a.value * b.value); }
  friend Counted operator/(const Counted& a, const Counted& b) { return done(1, a.value / b.value); }

  friend Counted multiply_add(const Counted& a, const Counted& b, const Counted& c) { return done(2, a.value * b.value + c.value); }

  friend CountedCondition operator<(const Counted& a, const Counted& b) { return {a.value < b.value}; }
  friend CountedCondition operator<=(const Counted& a, const Counted& b) { return {a.value <= b.value}; }
  friend CountedCondition operator>(const Counted& a, const Counted& b) { return {a.value > b.value}; }
  friend CountedCondition operator>=(const Counted& a, const Counted& b) { return {a.value >= b.value}; }

  friend Counted select(const CountedCondition& condition, const Counted& a, const Counted& b) { return condition.holds ? a : b; }
  friend Counted min(const Counted& a, const Counted& b) { return {std::min(a.value, b.value)}; }
  friend Counted max(const Counted& a, const Counted& b) { return {std::max(a.value, b.value)}; }
  friend Counted abs(const Counted& a) { return {std::abs(a.value)}; }
  friend Counted floor(const Counted& a) { return {std::floor(a.value)}; }
  friend Counted sqrt(const Counted& a) { return done(1, std::sqrt(a.value)); }
  friend Counted exp(const Counted& a) { return done(operations_of_exp, std::exp(a.value)); }
  friend Counted log(const Counted& a) { return done(operations_of_log, std::log(a.value)); }
  friend Counted sin(const Counted& a) { return done(operations_of_sine, std::sin(a.value)); }
  friend Counted cos(const Counted& a) { return done(operations_of_sine, std::cos(a.value)); }

private:
  static Counted done(std::size_t operations, double value) {
    counts.operations += operations;
    return {value};
  }
};

} // namespace limbflow::benchmarks
