// Exchange of fluid between capillaries and interstitium (Starling), its pressure, and lymph.
//
//   filtration = K_f [ (P_c - P_i) - sigma * (difference of oncotic pressure) ],   K_f: coefficient times share of the tissue
//   difference of oncotic pressure, times sigma = at rest + rise * filtration / blood flow
//
// Blood that gives off water keeps its proteins, so plasma thickens along the capillary: filtration limits itself where flow is
// slow. With the second line in the first, filtration = K_f (P_c - P_i - rest) * flow / (flow + K_f rise).
//
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
T interstitial_pressure(const T& gained_volume, const T& resting_pressure, const core::Divisor<T>& compliance) {
  return resting_pressure + gained_volume / compliance;
}

/// What sets the filtration of one bed.
template <class T>
struct CapillaryWall {
  T coefficient;        // K_f, of the bed's share of the tissue, mL/100mL/s/mmHg
  T oncotic_difference; // at rest, times the reflection coefficient, mmHg
  T oncotic_rise;       // per share of the blood that is filtered off, mmHg
};

/// Fluid filtered out of the capillaries (mL/100mL/s); negative is absorption.
/// capillary_pressure: above the pressure from outside, mmHg; blood_flow: through the bed, mL/100mL/s, not negative.
template <class T>
T capillary_filtration(const T& capillary_pressure, const T& interstitial, const T& blood_flow, const CapillaryWall<T>& wall) {
  return wall.coefficient * (capillary_pressure - interstitial - wall.oncotic_difference) * blood_flow /
         (blood_flow + wall.coefficient * wall.oncotic_rise);
}

/// Lymph carried away (mL/100mL/s) under a cuff that presses the superficial tissue with `cuff_tissue_pressure` (mmHg).
/// stopping: such pressures from the one that leaves lymph free to the one that stops it.
template <class T>
T lymph_flow(const T& gained_volume, const T& resting_flow, const T& gain, const T& cuff_tissue_pressure,
             const CollapseRange<T>& stopping) {
  using std::max;
  const T pumped = max(T(0.0), resting_flow + gain * gained_volume);
  return pumped * (1.0 - open_fraction(cuff_tissue_pressure, stopping));
}

} // namespace limbflow::models
