// Oxygen between blood and working muscle.
//
//   arterial blood --q--> [ capillary blood, content C ] --q--> venous blood
//                               |  D (P_capillary - P_tissue)
//                               v
//                         [ tissue: myoglobin + dissolved, content O ] --> mitochondria
//
//   v_c dC/dt = q (C_arterial - C) - J        J = D g (P_capillary - P_tissue)
//   dO/dt     = J - uptake
//
// Contents in mM (of blood, of muscle), flow q in mL blood per mL muscle and second. Haemoglobin: Hill's curve, its half-saturation
// shifted by pH (Bohr). Myoglobin: hyperbolic. g: open capillaries follow the conductance of the bed.
#pragma once

#include "core/divisor.hpp"
#include "core/scalar.hpp"

#include <algorithm>
#include <cmath>

namespace limbflow::models {

/// Constants of oxygen carriage in blood and muscle.
template <class T>
struct OxygenCarriage {
  core::Divisor<T> haemoglobin; ///< oxygen capacity of blood, mM
  T arterial_saturation;  ///< 0..1
  T p50;                  ///< mmHg at pH 7.4
  core::Divisor<T> hill;  ///< Hill's coefficient
  T bohr;                 ///< fall of log10 P50 per pH
  T myoglobin;            ///< mM
  T myoglobin_p50;        ///< mmHg
  T solubility;           ///< of oxygen in muscle, mM/mmHg
  core::Divisor<T> capillary_volume; ///< mL blood per mL muscle
  T diffusion;            ///< D at rest, mM/s/mmHg
};

/// Oxygen pressure (mmHg) of blood with a saturation (0..1) at a pH. In proportion to saturation below one fiftieth, where Hill's
/// curve has no slope.
template <class T>
T blood_oxygen_pressure(const T& saturation, const T& ph, const OxygenCarriage<T>& o) {
  using std::exp;
  using std::log;
  using std::max;
  using std::min;
  constexpr double least = 0.02;
  const T s = max(T(least), min(T(0.999), saturation));
  return o.p50 * exp(log(s / (1.0 - s)) / o.hill + 2.302585092994046 * o.bohr * (7.4 - ph)) *
         min(T(1.0), saturation / least);
}

/// Tissue oxygen content (mM) at a pressure (mmHg).
template <class T>
T tissue_oxygen_content(const T& pressure, const OxygenCarriage<T>& o) {
  return o.myoglobin * pressure / (pressure + o.myoglobin_p50) + o.solubility * pressure;
}

/// Tissue oxygen pressure (mmHg) of a content (mM): the inverse, from a quadratic.
template <class T>
T tissue_oxygen_pressure(const T& content, const OxygenCarriage<T>& o) {
  using core::select;
  using std::max;
  using std::sqrt;
  const T c = max(T(0.0), content);
  const T b = o.solubility * o.myoglobin_p50 + o.myoglobin - c;
  const T root = sqrt(b * b + 4.0 * o.solubility * o.myoglobin_p50 * c);
  return select(b > T(0.0), T(2.0 * o.myoglobin_p50 * c), T(root - b)) / select(b > T(0.0), T(b + root), T(2.0 * o.solubility));
}

/// Myoglobin saturation (0..1) at a pressure (mmHg).
template <class T>
T myoglobin_saturation(const T& pressure, const OxygenCarriage<T>& o) {
  return pressure / (pressure + o.myoglobin_p50);
}

} // namespace limbflow::models
