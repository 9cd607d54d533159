// The veins of the limb below the cuff: a nonlinear reservoir and its way out past the cuff.
//
//   bed ---> [ volume v, pressure P(v) ] ---> under the cuff (collapsible, valved) ---> central veins
//
// Pressure-volume curve, v in mL per 100 mL of tissue for the whole limb's veins:
//
//   P(v) = a (v - v0) / (1 - (v / v_max)^3) - b / v
//
// steep when nearly full (collagen), soft in between, and falling without bound as the veins empty (collapse), so that the
// volume stays positive. a, v0, v_max are fitted to venous occlusion plethysmography of the calf
// (10 men, supine, 10-60 mmHg; residual at most 0.4 mmHg); b only shapes the collapse.
#pragma once

#include "models/collapsible_vessel.hpp"

namespace limbflow::models {

/// Constants of the venous pressure-volume curve. Volumes in mL/100mL, pressures in mmHg.
template <class T>
struct VenousCurve {
  T stiffness;          // a, mmHg per (mL/100mL)
  T unstressed_volume;  // v0
  T maximum_volume;     // v_max
  T collapse_constant;  // b, mmHg mL/100mL
};

/// Transmural pressure (mmHg) of veins that hold `volume` (mL/100mL of the limb). Domain 0 < volume < v_max.
template <class T>
T venous_pressure(const T& volume, const VenousCurve<T>& curve) {
  const T filling = volume / curve.maximum_volume;
  return curve.stiffness * (volume - curve.unstressed_volume) / (1.0 - filling * filling * filling) -
         curve.collapse_constant / volume;
}

/// Flow (mL/100mL/s) from the veins below the cuff to the central veins.
/// upstream, downstream: transmural pressures of the vein just before and just after the cuff as if the cuff's pressure
/// acted on both (inside minus pressure under the cuff), mmHg. Valves stop backward flow.
template <class T>
T outflow_past_cuff(const T& upstream, const T& downstream, const T& conductance, const CollapseRange<T>& range,
                    const T& valve_opening_pressure) {
  return conductance *
         valve(open_pressure_integral(upstream, range) - open_pressure_integral(downstream, range), valve_opening_pressure);
}

} // namespace limbflow::models
