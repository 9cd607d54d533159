#pragma once
/// Dual numbers that know which of their partial derivatives there are: what a right-hand side is evaluated with for a
/// sparse Jacobian, of one run or of as many as there are lanes (V: double or Lanes).
///
/// A number carries up to 32 partials and a set of those that may differ from zero; the others are never touched, so
/// that constants cost nothing and a sum costs what its terms depend on. Which those are follows from the code, not from
/// the numbers in it: select, min and max have the partials of both sides. Otherwise as core/dual.hpp, but for the edges
/// where a slope is infinite: sqrt(0) and powers of 0 have the slope 0.
///
/// Griewank & Walther, Evaluating Derivatives, 2nd ed., sections 3.1 and 7.1.

#include "core/dual.hpp"
#include "core/scalar.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace limbflow::core {

template <class V> class SparseDual {
public:
  static constexpr std::size_t most = 32;
  using Condition = decltype(std::declval<const V&>() < std::declval<const V&>());

  V value;

  SparseDual() : value(0.0) {}
  /// A constant.
  SparseDual(double constant) : value(constant) {}
  explicit SparseDual(const V& constant)
    requires(!std::is_same_v<V, double>)
      : value(constant) {}
  SparseDual(const SparseDual& other) : value(other.value), places(other.places) { copy_partials(other); }
  SparseDual& operator=(const SparseDual& other) {
    value = other.value;
    places = other.places;
    copy_partials(other);
    return *this;
  }
  /// The variable number `index`, below `most`: its own partial is 1.
  static SparseDual variable(const V& at, std::size_t index) {
    SparseDual result;
    result.value = at;
    result.places = std::uint32_t{1} << index;
    result.partials[index] = V(1.0);
    return result;
  }

  V partial(std::size_t index) const { return places >> index & 1U ? partials[index] : V(0.0); }

  SparseDual& operator+=(const SparseDual& b) { return *this = *this + b; }
  SparseDual& operator-=(const SparseDual& b) { return *this = *this - b; }
  SparseDual& operator*=(const SparseDual& b) { return *this = *this * b; }
  SparseDual& operator/=(const SparseDual& b) { return *this = *this / b; }

  // Friends defined here take a double on either side by conversion.
  friend SparseDual operator+(const SparseDual& a) { return a; }
  friend SparseDual operator-(const SparseDual& a) { return SparseDual(-a.value, a, V(-1.0)); }
  friend SparseDual operator+(const SparseDual& a, const SparseDual& b) {
    SparseDual result(Raw{}, a.value + b.value, a.places | b.places);
    if (result.places)
      result.add(a, b);
    return result;
  }
  friend SparseDual operator-(const SparseDual& a, const SparseDual& b) {
    SparseDual result(Raw{}, a.value - b.value, a.places | b.places);
    if (result.places)
      result.subtract(a, b);
    return result;
  }
  friend SparseDual operator*(const SparseDual& a, const SparseDual& b) {
    return SparseDual(a.value * b.value, a, b.value, b, a.value);
  }
  friend SparseDual operator/(const SparseDual& a, const SparseDual& b) {
    const V quotient = a.value / b.value;
    if (!(a.places | b.places))
      return SparseDual(Raw{}, quotient, 0);
    const V slope = 1.0 / b.value;
    return SparseDual(quotient, a, slope, b, -quotient * slope);
  }

  friend auto operator<(const SparseDual& a, const SparseDual& b) { return a.value < b.value; }
  friend auto operator<=(const SparseDual& a, const SparseDual& b) { return a.value <= b.value; }
  friend auto operator>(const SparseDual& a, const SparseDual& b) { return a.value > b.value; }
  friend auto operator>=(const SparseDual& a, const SparseDual& b) { return a.value >= b.value; }
  friend auto operator==(const SparseDual& a, const SparseDual& b) { return a.value == b.value; }

  friend SparseDual select(const Condition& condition, const SparseDual& a, const SparseDual& b) {
    return chosen(condition, a, b);
  }
  friend SparseDual min(const SparseDual& a, const SparseDual& b) { return chosen(b.value < a.value, b, a); }
  friend SparseDual max(const SparseDual& a, const SparseDual& b) { return chosen(a.value < b.value, b, a); }

  friend SparseDual exp(const SparseDual& a) {
    using std::exp;
    const V e = exp(a.value);
    return SparseDual(e, a, e);
  }
  friend SparseDual log(const SparseDual& a) {
    using std::log;
    return SparseDual(log(a.value), a, 1.0 / a.value);
  }
  friend SparseDual sqrt(const SparseDual& a) {
    using std::sqrt;
    const V root = sqrt(a.value);
    return SparseDual(root, a, pick(root > V(0.0), 0.5 / root, V(0.0)));
  }
  friend SparseDual tanh(const SparseDual& a) {
    using std::tanh;
    const V t = tanh(a.value);
    return SparseDual(t, a, 1.0 - t * t);
  }
  friend SparseDual sin(const SparseDual& a) {
    using std::cos;
    using std::sin;
    return SparseDual(sin(a.value), a, cos(a.value));
  }
  friend SparseDual cos(const SparseDual& a) {
    using std::cos;
    using std::sin;
    return SparseDual(cos(a.value), a, -sin(a.value));
  }
  friend SparseDual abs(const SparseDual& a) {
    using std::abs;
    return SparseDual(abs(a.value), a, pick(a.value < V(0.0), V(-1.0), V(1.0)));
  }
  /// A step function: its derivative is zero wherever it has one.
  friend SparseDual floor(const SparseDual& a) {
    using std::floor;
    return SparseDual(Raw{}, floor(a.value), 0);
  }
  /// For a >= 0.
  friend SparseDual pow(const SparseDual& a, const SparseDual& b) {
    using std::log;
    using std::pow;
    const V power = pow(a.value, b.value);
    if (!(a.places | b.places))
      return SparseDual(Raw{}, power, 0);
    const auto positive = a.value > V(0.0);
    const V by_base = pick(positive, b.value * power / a.value, V(0.0));
    if (!b.places)
      return SparseDual(power, a, by_base);
    return SparseDual(power, a, by_base, b, pick(positive, power * log(a.value), V(0.0)));
  }

private:
  friend struct Condensing<SparseDual>;
  struct Raw {};
  SparseDual(Raw, const V& result, std::uint32_t depends_on) : value(result), places(depends_on) {}
  /// f(a) with f'(a).
  SparseDual(const V& result, const SparseDual& a, const V& slope) : value(result), places(a.places) {
    if (places)
      scale(a, slope);
  }
  /// f(a, b) with its two partial derivatives.
  SparseDual(const V& result, const SparseDual& a, const V& slope_a, const SparseDual& b, const V& slope_b)
      : value(result), places(a.places | b.places) {
    if (!places)
      return;
    if (!b.places)
      scale(a, slope_a);
    else if (!a.places)
      scale(b, slope_b);
    else
      combine(a, slope_a, b, slope_b);
  }

  static V pick(const Condition& condition, const V& a, const V& b) {
    return select(condition, a, b);
  }
  static SparseDual chosen(const Condition& condition, const SparseDual& a, const SparseDual& b) {
    SparseDual result(Raw{}, select(condition, a.value, b.value), a.places | b.places);
    if (result.places)
      result.choose(condition, a, b);
    return result;
  }

  template <class Work> static void each(std::uint32_t set, Work&& work) {
    if ((set & (set + 1)) == 0) { // the first few: no need to look for them
      const auto count = static_cast<std::size_t>(std::countr_one(set));
      for (std::size_t i = 0; i < count; ++i)
        work(i);
      return;
    }
    for (; set; set &= set - 1)
      work(static_cast<std::size_t>(std::countr_zero(set)));
  }

  // Out of line: one right-hand side has thousands of these.
  [[gnu::noinline]] void scale(const SparseDual& a, V slope) {
    each(a.places, [&](std::size_t i) { partials[i] = slope * a.partials[i]; });
  }
  [[gnu::noinline]] void combine(const SparseDual& a, V slope_a, const SparseDual& b, V slope_b) {
    each(a.places & b.places,
         [&](std::size_t i) { partials[i] = multiply_add(slope_a, a.partials[i], slope_b * b.partials[i]); });
    each(a.places & ~b.places, [&](std::size_t i) { partials[i] = slope_a * a.partials[i]; });
    each(b.places & ~a.places, [&](std::size_t i) { partials[i] = slope_b * b.partials[i]; });
  }
  [[gnu::noinline]] void add(const SparseDual& a, const SparseDual& b) {
    each(a.places & b.places, [&](std::size_t i) { partials[i] = a.partials[i] + b.partials[i]; });
    each(a.places & ~b.places, [&](std::size_t i) { partials[i] = a.partials[i]; });
    each(b.places & ~a.places, [&](std::size_t i) { partials[i] = b.partials[i]; });
  }
  [[gnu::noinline]] void subtract(const SparseDual& a, const SparseDual& b) {
    each(a.places & b.places, [&](std::size_t i) { partials[i] = a.partials[i] - b.partials[i]; });
    each(a.places & ~b.places, [&](std::size_t i) { partials[i] = a.partials[i]; });
    each(b.places & ~a.places, [&](std::size_t i) { partials[i] = -b.partials[i]; });
  }
  [[gnu::noinline]] void choose(Condition condition, const SparseDual& a, const SparseDual& b) {
    each(a.places & b.places, [&](std::size_t i) { partials[i] = pick(condition, a.partials[i], b.partials[i]); });
    each(a.places & ~b.places, [&](std::size_t i) { partials[i] = pick(condition, a.partials[i], V(0.0)); });
    each(b.places & ~a.places, [&](std::size_t i) { partials[i] = pick(condition, V(0.0), b.partials[i]); });
  }
  void copy_partials(const SparseDual& other) {
    if (places && this != &other)
      take(other);
  }
  [[gnu::noinline]] void take(const SparseDual& other) {
    each(places, [&](std::size_t i) { partials[i] = other.partials[i]; });
  }

  std::uint32_t places = 0; ///< of the partials that there are
  std::array<V, most> partials;
};

/// The function is differentiated by those of its inputs that depend on anything, a few at a time, and the chain rule does the rest.
template <class V> struct Condensing<SparseDual<V>> {
  using Scalar = SparseDual<V>;
  static constexpr std::size_t at_once = 4; ///< as fit into the registers
  using Few = Dual<at_once, V>;

  template <template <class> class Inputs, class Function> static auto apply(const Inputs<Scalar>& inputs, Function&& function) {
    using Result = decltype(function(inputs));
    using FewResult = decltype(function(std::declval<const Inputs<Few>&>()));
    constexpr std::size_t in = sizeof(Inputs<Scalar>) / sizeof(Scalar), out = sizeof(Result) / sizeof(Scalar);
    static_assert(sizeof(Inputs<Scalar>) == in * sizeof(Scalar) && sizeof(Inputs<Few>) == in * sizeof(Few) &&
                  sizeof(Result) == out * sizeof(Scalar) && sizeof(FewResult) == out * sizeof(Few));
    const auto* input = reinterpret_cast<const Scalar*>(&inputs);
    Inputs<Few> own;
    auto* own_input = reinterpret_cast<Few*>(&own);
    std::array<std::size_t, in> followed{};
    std::size_t number = 0;
    for (std::size_t i = 0; i < in; ++i) {
      own_input[i] = Few(input[i].value);
      if (input[i].places)
        followed[number++] = i;
    }
    Result result;
    auto* found = reinterpret_cast<Scalar*>(&result);
    for (std::size_t first = 0; first == 0 || first < number; first += at_once) {
      const std::size_t here = std::min(at_once, number - first);
      for (std::size_t d = 0; d < here; ++d)
        own_input[followed[first + d]].partials[d] = V(1.0);
      const FewResult some = function(static_cast<const Inputs<Few>&>(own));
      const auto* slope = reinterpret_cast<const Few*>(&some);
      for (std::size_t k = 0; k < out; ++k) {
        found[k].value = slope[k].value;
        for (std::size_t d = 0; d < here; ++d)
          add_chained(found[k], slope[k].partials[d], input[followed[first + d]]);
      }
      for (std::size_t d = 0; d < here; ++d)
        own_input[followed[first + d]].partials[d] = V(0.0);
    }
    return result;
  }

private:
  [[gnu::noinline]] static void add_chained(Scalar& to, V slope, const Scalar& inner) {
    Scalar::each(inner.places & to.places,
                 [&](std::size_t i) { to.partials[i] = multiply_add(slope, inner.partials[i], to.partials[i]); });
    Scalar::each(inner.places & ~to.places, [&](std::size_t i) { to.partials[i] = slope * inner.partials[i]; });
    to.places |= inner.places;
  }
};

} // namespace limbflow::core
