#pragma once
/// `Lanes`: as many doubles as one vector register holds, computed together, one scenario in each. A scalar for model
/// code, next to `double` and dual numbers.
///
/// Made of Google Highway's vectors, so its name and size depend on the instruction set that the including file is
/// compiled for (core/CMakeLists.txt: limbflow_add_lane_object); each has a namespace of its own and the sets never mix
/// in one link. Every operation works lane by lane: what one lane holds never reaches another.
///
/// Elementary functions are Highway's, inlined (1 to 4 units in the last place), with their edges mended: NaN stays
/// NaN, logarithms of zero and of negative numbers are -infinity and NaN. `pow` goes through exp and log, so its
/// relative error grows with |b log a|.

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstddef>
#include <limits>

namespace limbflow::core {
inline namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// One truth value a lane.
struct LaneMask {
  hn::Mask<hn::ScalableTag<double>> mask;

  friend HWY_INLINE LaneMask operator&&(const LaneMask& a, const LaneMask& b) { return {hn::And(a.mask, b.mask)}; }
  friend HWY_INLINE LaneMask operator||(const LaneMask& a, const LaneMask& b) { return {hn::Or(a.mask, b.mask)}; }
  friend HWY_INLINE bool any(const LaneMask& a) { return !hn::AllFalse(hn::ScalableTag<double>(), a.mask); }
};

struct Lanes {
  using Tag = hn::ScalableTag<double>;
  /// Scenarios side by side.
  static constexpr std::size_t count = HWY_LANES(double);

  hn::Vec<Tag> vector;

  Lanes() = default;
  /// The same in every lane.
  HWY_INLINE Lanes(double value) : vector(hn::Set(Tag(), value)) {}
  explicit HWY_INLINE Lanes(hn::Vec<Tag> lanes) : vector(lanes) {}

  HWY_INLINE Lanes& operator+=(const Lanes& b) { return *this = *this + b; }
  HWY_INLINE Lanes& operator-=(const Lanes& b) { return *this = *this - b; }
  HWY_INLINE Lanes& operator*=(const Lanes& b) { return *this = *this * b; }
  HWY_INLINE Lanes& operator/=(const Lanes& b) { return *this = *this / b; }

  // Friends defined here take a double on either side by conversion.
  friend HWY_INLINE Lanes operator+(const Lanes& a) { return a; }
  friend HWY_INLINE Lanes operator-(const Lanes& a) { return Lanes(hn::Neg(a.vector)); }
  friend HWY_INLINE Lanes operator+(const Lanes& a, const Lanes& b) { return Lanes(hn::Add(a.vector, b.vector)); }
  friend HWY_INLINE Lanes operator-(const Lanes& a, const Lanes& b) { return Lanes(hn::Sub(a.vector, b.vector)); }
  friend HWY_INLINE Lanes operator*(const Lanes& a, const Lanes& b) { return Lanes(hn::Mul(a.vector, b.vector)); }
  friend HWY_INLINE Lanes operator/(const Lanes& a, const Lanes& b) { return Lanes(hn::Div(a.vector, b.vector)); }
  /// a b + c, rounded once where the processor can.
  friend HWY_INLINE Lanes multiply_add(const Lanes& a, const Lanes& b, const Lanes& c) {
    return Lanes(hn::MulAdd(a.vector, b.vector, c.vector));
  }

  friend HWY_INLINE LaneMask operator<(const Lanes& a, const Lanes& b) { return {hn::Lt(a.vector, b.vector)}; }
  friend HWY_INLINE LaneMask operator<=(const Lanes& a, const Lanes& b) { return {hn::Le(a.vector, b.vector)}; }
  friend HWY_INLINE LaneMask operator>(const Lanes& a, const Lanes& b) { return {hn::Gt(a.vector, b.vector)}; }
  friend HWY_INLINE LaneMask operator>=(const Lanes& a, const Lanes& b) { return {hn::Ge(a.vector, b.vector)}; }
  friend HWY_INLINE LaneMask operator==(const Lanes& a, const Lanes& b) { return {hn::Eq(a.vector, b.vector)}; }

  friend HWY_INLINE Lanes select(const LaneMask& condition, const Lanes& a, const Lanes& b) {
    return Lanes(hn::IfThenElse(condition.mask, a.vector, b.vector));
  }
  /// As std::min and std::max: the first where neither is smaller, and on x86 where one is NaN (hence the order).
  friend HWY_INLINE Lanes min(const Lanes& a, const Lanes& b) { return Lanes(hn::Min(b.vector, a.vector)); }
  friend HWY_INLINE Lanes max(const Lanes& a, const Lanes& b) { return Lanes(hn::Max(b.vector, a.vector)); }
  friend HWY_INLINE Lanes abs(const Lanes& a) { return Lanes(hn::Abs(a.vector)); }
  friend HWY_INLINE Lanes floor(const Lanes& a) { return Lanes(hn::Floor(a.vector)); }
  friend HWY_INLINE Lanes sqrt(const Lanes& a) { return Lanes(hn::Sqrt(a.vector)); }

  friend HWY_INLINE Lanes exp(const Lanes& a) {
    constexpr double overflow = 709.782712893384; // log of the largest double
    const Lanes bounded(hn::Min(a.vector, hn::Set(Tag(), overflow)));
    const Lanes power(hn::Exp(Tag(), bounded.vector));
    return select(a <= overflow, power, a * std::numeric_limits<double>::infinity());
  }
  friend HWY_INLINE Lanes log(const Lanes& a) {
    const Lanes logarithm(hn::Log(Tag(), a.vector));
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const Lanes at_the_edge = select(a == 0.0, Lanes(-infinity), select(a == infinity, a, Lanes(nan())));
    return select(a > 0.0 && a < infinity, logarithm, at_the_edge);
  }
  /// For a >= 0.
  friend HWY_INLINE Lanes pow(const Lanes& a, const Lanes& b) { return select(b == 0.0, Lanes(1.0), exp(b * log(a))); }
  friend HWY_INLINE Lanes tanh(const Lanes& a) { return select(a == a, Lanes(hn::Tanh(Tag(), a.vector)), a); }
  /// For |a| below 39,000.
  friend HWY_INLINE Lanes sin(const Lanes& a) { return select(a == a, Lanes(hn::Sin(Tag(), a.vector)), a); }
  friend HWY_INLINE Lanes cos(const Lanes& a) { return select(a == a, Lanes(hn::Cos(Tag(), a.vector)), a); }

private:
  static constexpr double nan() { return std::numeric_limits<double>::quiet_NaN(); }
};

static_assert(sizeof(Lanes) == Lanes::count * sizeof(double));

} // namespace HWY_NAMESPACE
} // namespace limbflow::core
