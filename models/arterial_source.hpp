// The arterial pressure that feeds the limb.
//
//   pressure(phase) = diastolic + (systolic - diastolic) * pulse_shape(phase),  phase in [0, 1) from the foot of the beat
//
// pulse_shape is a five-harmonic brachial pulse: upstroke to a peak near 0.16 of the beat, dicrotic notch near 0.43,
// diastolic run-off; its minimum is 0, its maximum 1 and its mean 0.378, so mean pressure = diastolic + 0.378 pulse
// pressure, between the rule of one third and the measured 0.40 (Bos 2007, J Hypertens 25:751; recalled).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace limbflow::models {

/// Mean of pulse_shape over a beat: mean pressure = diastolic + pulse_shape_mean * (systolic - diastolic).
inline constexpr double pulse_shape_mean = 0.37793;

/// Shape of the pulse (0..1) at a phase of the beat (any real number; only its fraction counts).
template <class T>
T pulse_shape(const T& phase) {
  using std::cos;
  using std::floor;
  using std::sin;
  constexpr std::array<double, 5> cosine{-0.01143, -0.11127, -0.11559, -0.04545, -0.03350};
  constexpr std::array<double, 5> sine{0.33434, 0.15531, 0.02085, -0.01623, -0.00985};
  const T angle = 2.0 * std::numbers::pi * (phase - floor(phase));
  const T c1 = cos(angle);
  const T s1 = sin(angle);
  T c = c1;
  T s = s1;
  T shape = T(pulse_shape_mean) + cosine[0] * c + sine[0] * s;
  for (std::size_t k = 1; k < cosine.size(); ++k) {
    const T next = c * c1 - s * s1;
    s = s * c1 + c * s1;
    c = next;
    shape = shape + cosine[k] * c + sine[k] * s;
  }
  return shape;
}

/// Phase at which the falling pulse passes through its mean. The averaged model counts its
/// beats from here.
inline constexpr double pulse_mean_phase = 0.505;

/// pulse_shape at the middles of N equal parts of a beat that starts at pulse_mean_phase, for the beat-averaged model: what
/// the arteries hold at the start of such a beat is what they hold on average while the artery is open.
template <std::size_t N>
const std::array<double, N>& pulse_shape_samples() {
  static const std::array<double, N> samples = [] {
    std::array<double, N> values{};
    for (std::size_t k = 0; k < N; ++k)
      values[k] = pulse_shape(pulse_mean_phase + (static_cast<double>(k) + 0.5) / static_cast<double>(N));
    return values;
  }();
  return samples;
}

/// Highest minus lowest of pulse_shape_samples: the pulse that a beat of N parts can show, just below 1.
template <std::size_t N>
double pulse_shape_range() {
  static const double range = [] {
    const auto [lowest, highest] = std::minmax_element(pulse_shape_samples<N>().begin(), pulse_shape_samples<N>().end());
    return *highest - *lowest;
  }();
  return range;
}

} // namespace limbflow::models
