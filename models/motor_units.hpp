// The motor-unit pool: which units a drive recruits, what force they give, and which drive a force needs.
//
// Units are recruited in order of size (Henneman). In a pool with exponentially spread thresholds and twitch forces
// (Fuglevand, Winter & Patla 1993, J Neurophysiol 70:2470; Potvin & Fuglevand 2017, PLoS Comput Biol 13:e1005581, 10.1371/journal.pcbi.1005581),
// the share c of the pool's force that belongs to units recruited below the threshold t grows as t^(ln 100 / ln 50): the
// threshold of the unit at share c is
//
//   t(c) = t_last c^0.85                        t_last: drive at which the last unit is recruited
//
// Fibre classes come in order of threshold (I, IIa, IIx) but overlap: the units of a class are spread over its own part of the
// pool and `overlap` of the pool beyond it on either side. Each class is held in bins of equal order. At drive u a bin gives
//
//   A(u) = r(u) [ f_first + (1 - f_first) min(1, (u - t) / rate_range) ]      r: share of the bin's units recruited, t: its middle
//
// of its force: a unit starts at its lowest rate with the share f_first of its tetanic force and is rate coded from there.
// Force is the sum of share * capacity * A over the classes (A: mean of a class's bins), over what the fresh pool gives at full drive.
#pragma once

#include "core/divisor.hpp"
#include "core/scalar.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace limbflow::models {

inline constexpr std::size_t fibre_classes = 3;
inline constexpr std::size_t bins_per_class = 3;
inline constexpr std::array<const char*, fibre_classes> fibre_class_names{"I", "IIa", "IIx"};

/// Drives between which a search for the drive that a force needs begins; the last is full drive.
inline constexpr std::size_t drive_knots = 4;
inline constexpr double drive_at_knot(std::size_t knot) { return static_cast<double>(knot + 1) / drive_knots; }

/// A pool of motor units.
template <class T>
struct MotorUnitPool {
  std::array<T, fibre_classes> share;             ///< of the muscle's volume and force, sums to one
  std::array<std::array<T, bins_per_class + 1>, fibre_classes> threshold; ///< drives between which the bins of a class are recruited
  core::Divisor<T> rate_range;                    ///< rise of drive from a unit's lowest to its highest rate
  T first_force;                                  ///< share of its tetanic force that a unit gives at its lowest rate
  core::Divisor<T> full_force;                    ///< what the fresh pool gives at full drive, before normalisation
  std::array<std::array<T, fibre_classes>, drive_knots> knot_activation; ///< of each class at drive_at_knot()
  std::array<std::array<T, bins_per_class>, fibre_classes> per_width; ///< one over the width of each bin
};

/// What the pool does at a drive: activation (0..1) of each class and its first two derivatives with respect to drive.
template <class T>
struct PoolActivation {
  std::array<T, fibre_classes> activation;
  std::array<T, fibre_classes> slope;
  std::array<T, fibre_classes> curvature;
};

template <class T>
PoolActivation<T> activate(const T& drive, const MotorUnitPool<T>& pool) {
  using core::select;
  using std::max;
  using std::min;
  constexpr double mean = 1.0 / static_cast<double>(bins_per_class);
  const T per_rate_range = pool.rate_range.reciprocal;
  const T rate_force = 1.0 - pool.first_force;
  const T force_slope = rate_force * per_rate_range;
  PoolActivation<T> result;
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    T activation = T(0.0);
    T slope = T(0.0);
    T curvature = T(0.0);
    for (std::size_t b = 0; b < bins_per_class; ++b) {
      const T from = pool.threshold[k][b];
      const T to = pool.threshold[k][b + 1];
      const T per_width = pool.per_width[k][b];
      const T recruited = max(T(0.0), min(T(1.0), (drive - from) * per_width));
      const T rate = max(T(0.0), min(T(1.0), (drive - 0.5 * (from + to)) * per_rate_range));
      const T force = pool.first_force + rate_force * rate;
      const T recruiting = select(recruited > T(0.0) && recruited < T(1.0), per_width, T(0.0));
      const T rising = select(rate > T(0.0) && rate < T(1.0), force_slope, T(0.0));
      activation = activation + recruited * force;
      slope = slope + force * recruiting + recruited * rising;
      curvature = curvature + recruiting * rising;
    }
    result.activation[k] = activation * mean;
    result.slope[k] = slope * mean;
    result.curvature[k] = curvature * (2.0 * mean);
  }
  return result;
}

/// Force of the pool, over that of the fresh pool at full drive. capacity: force that each class has left, 0..1.
template <class T>
T pool_force(const PoolActivation<T>& at, const std::array<T, fibre_classes>& capacity, const MotorUnitPool<T>& pool) {
  T force = T(0.0);
  for (std::size_t k = 0; k < fibre_classes; ++k)
    force = force + pool.share[k] * capacity[k] * at.activation[k];
  return force / pool.full_force;
}

/// A pool with its thresholds. last_threshold: drive (0..1) at which the last unit is recruited; overlap: share of the pool by
/// which the units of a class reach beyond its own place in the order of size.
inline MotorUnitPool<double> motor_unit_pool(const std::array<double, fibre_classes>& share, double overlap,
                                             double last_threshold, double rate_range, double first_force) {
  constexpr double threshold_exponent = 0.85; // ln 50 / ln 100: ranges of threshold and of twitch force
  MotorUnitPool<double> pool{};
  pool.share = share;
  pool.rate_range = rate_range;
  pool.first_force = first_force;
  double below = 0.0;
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    const double from = std::max(0.0, below - overlap);
    below += share[k];
    const double to = k + 1 < fibre_classes ? std::min(1.0, below + overlap) : 1.0;
    for (std::size_t b = 0; b <= bins_per_class; ++b)
      pool.threshold[k][b] =
          last_threshold * std::pow(from + (to - from) * static_cast<double>(b) / bins_per_class, threshold_exponent);
  }
  for (std::size_t k = 0; k < fibre_classes; ++k)
    for (std::size_t b = 0; b < bins_per_class; ++b)
      pool.per_width[k][b] = 1.0 / (pool.threshold[k][b + 1] - pool.threshold[k][b]);
  for (std::size_t knot = 0; knot < drive_knots; ++knot)
    pool.knot_activation[knot] = activate(drive_at_knot(knot), pool).activation;
  pool.full_force = 1.0;
  pool.full_force = pool_force(activate(1.0, pool), {1.0, 1.0, 1.0}, pool);
  return pool;
}

/// The drive (0..1) that a force needs of a pool whose classes have `capacity` left. Where the pool cannot give the force, one plus
/// the force that lacks. Force is a parabola of the drive between the drives at which a bin begins or ends to recruit or to raise its
/// rates, so Newton's iteration with curvature, kept in a bracket, ends when it has found the right one. Exact to rounding.
template <class T>
T drive_for_force(const T& force, const std::array<T, fibre_classes>& capacity, const MotorUnitPool<T>& pool) {
  using std::abs;
  using std::max;
  using std::sqrt;
  using core::any;
  using core::select;
  constexpr int most_iterations = 60;
  constexpr double exact = 1e-14;
  std::array<T, fibre_classes> weight;
  for (std::size_t k = 0; k < fibre_classes; ++k)
    weight[k] = pool.share[k] * capacity[k] / pool.full_force;
  const auto weighted = [&](const std::array<T, fibre_classes>& of) {
    return T(weight[0] * of[0] + weight[1] * of[1] + weight[2] * of[2]);
  };
  static_assert(fibre_classes == 3);
  // a straight line between knots
  T low = T(0.0);
  T force_low = T(0.0);
  T force_high = weighted(pool.knot_activation[0]);
  T most = force_high;
  for (std::size_t knot = 1; knot < drive_knots; ++knot) {
    const auto beyond = force > most;
    low = select(beyond, T(drive_at_knot(knot - 1)), low);
    force_low = select(beyond, most, force_low);
    most = weighted(pool.knot_activation[knot]);
    force_high = select(beyond, most, force_high);
  }
  T high = low + drive_at_knot(0);
  T drive = low + drive_at_knot(0) * (force - force_low) / (force_high - force_low);
  auto searching = force > T(0.0) && force < most;
  for (int iteration = 0; iteration < most_iterations && any(searching); ++iteration) {
    const PoolActivation<T> at = activate(drive, pool);
    const T lack = force - weighted(at.activation);
    const T slope = max(weighted(at.slope), T(1e-9));
    high = select(lack < T(0.0), drive, high);
    low = select(lack < T(0.0), low, drive);
    const T newton =
        drive + 2.0 * lack / (slope + sqrt(max(T(0.0), slope * slope + 2.0 * weighted(at.curvature) * lack)));
    const T next = select(newton >= low && newton <= high, newton, T(0.5 * (low + high)));
    const auto moving = searching && abs(next - drive) >= T(exact);
    drive = select(searching, next, drive); // a lane that has converged keeps its value
    searching = moving;
  }
  return select(force >= most, T(1.0 + (force - most)), select(force > T(0.0), drive, T(0.0)));
}

} // namespace limbflow::models
