// Exchange of fluid between capillaries and interstitium (Starling), its pressure, and lymph.
//
//   filtration = K_f [ (P_c - P_i) - sigma * (difference of oncotic pressure) ]
//   P_i        = P_i0 + v_i / C_i                  v_i: interstitial volume gained since rest, mL/100mL
//   lymph      = [ rest + gain * v_i ] * (what the cuff lets through)
//
// Lymph vessels pump against at most about 40 mmHg (Modi 2007, J Physiol 583:271; recalled): a cuff that presses the
// superficial tissue harder stops them.
#pragma once

#include "models/collapsible_vessel.hpp"

#include <algorithm>

namespace limbflow::models {

/// Interstitial fluid pressure (mmHg) for a gained volume (mL/100mL).
template <class T>
T interstitial_pressure(const T& gained_volume, const T& resting_pressure, const T& compliance) {
  return resting_pressure + gained_volume / compliance;
}

/// Fluid filtered out of the capillaries (mL/100mL/s); negative is absorption.
template <class T>
T capillary_filtration(const T& capillary_pressure, const T& interstitial, const T& oncotic_difference,
                       const T& filtration_coefficient) {
  return filtration_coefficient * (capillary_pressure - interstitial - oncotic_difference);
}

/// Lymph carried away (mL/100mL/s) under a cuff that presses the superficial tissue with `cuff_tissue_pressure` (mmHg).
template <class T>
T lymph_flow(const T& gained_volume, const T& resting_flow, const T& gain, const T& cuff_tissue_pressure,
             const T& pumping_pressure) {
  using std::max;
  const T pumped = max(T(0.0), resting_flow + gain * gained_volume);
  return pumped * (1.0 - open_fraction(cuff_tissue_pressure, CollapseRange<T>{T(0.0), pumping_pressure}));
}

} // namespace limbflow::models
