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
//
// Veins do not fill alike. Main veins take the beds' blood and their pressure holds the outflow; late ones, small veins with
// little flow of their own, behind valves and with walls that creep, follow with a lag, and drain fast, for valves open that way:
//
//   d(late)/dt = share ( v_main - v_late ) / tau,   tau = filling time, or the much shorter drainage time where v_late > v_main
//
// v_main, v_late: volumes of the whole limb's veins if all were as full as these. In a steady state they are equal.
//
// Veins that are nearly empty hardly conduct: they close before outside pressure has pressed the last blood out of them.
#pragma once

#include "models/collapsible_vessel.hpp"

namespace limbflow::models {

/// Constants of the venous pressure-volume curve. Volumes in mL/100mL, pressures in mmHg.
template <class T>
struct VenousCurve {
  T stiffness;          // a, mmHg per (mL/100mL)
  T unstressed_volume;  // v0
  core::Divisor<T> maximum_volume; // v_max
  T collapse_constant;  // b, mmHg mL/100mL
  T unstressed_resistance; // of the veins at v0, over that of the way past the cuff
};

/// Transmural pressure (mmHg) of veins that hold `volume` (mL/100mL of the limb). Domain 0 < volume < v_max.
template <class T>
T venous_pressure(const T& volume, const VenousCurve<T>& curve) {
  const T filling = volume / curve.maximum_volume;
  return curve.stiffness * (volume - curve.unstressed_volume) / (1.0 - filling * filling * filling) -
         curve.collapse_constant / volume;
}

/// Volumes (mL/100mL) that the whole limb's veins would have if all were filled as the main ones are, or as the late ones are.
template <class T>
struct VenousFilling {
  T main;
  T late;
};

/// Excess of late over main volume at which the late veins' valves are wide open, mL/100mL.
inline constexpr double late_valve_volume = 0.1;

/// Flow (mL/100mL/s, of the whole limb) from the main veins into those that fill late; negative drains them.
/// share: of the venous volume in late veins; filling_time, drainage_time: s, filling_time >= drainage_time.
template <class T>
T late_filling(const VenousFilling<T>& veins, const T& share, const core::Divisor<T>& filling_time,
               const core::Divisor<T>& drainage_time) {
  const T excess = veins.late - veins.main;
  const T through_valves = open_pressure_integral(excess, CollapseRange<T>{T(0.0), T(late_valve_volume)});
  return -share * (excess / filling_time + through_valves * (drainage_time.reciprocal - filling_time.reciprocal));
}

/// Conductance (0..1) of the way out of veins that hold `volume` (mL/100mL of the limb), over that from full ones: in series with the way
/// past the cuff lie the veins themselves, whose conductance falls with the square of their volume (Poiseuille) as they empty.
template <class T>
T emptying_conductance(const T& volume, const VenousCurve<T>& curve) {
  const T filling = volume / curve.unstressed_volume;
  const T square = filling * filling;
  return square / (square + curve.unstressed_resistance);
}

/// Flow (mL/100mL/s) from the veins below the cuff to the central veins.
/// upstream, downstream: transmural pressures of the vein just before and just after the cuff as if the cuff's pressure
/// acted on both (inside minus pressure under the cuff), mmHg. Valves stop backward flow.
template <class T>
T outflow_past_cuff(const T& upstream, const T& downstream, const T& conductance, const CollapseRange<T>& range,
                    const CollapseRange<T>& valve_opening) {
  return conductance *
         valve(open_pressure_integral(upstream, range) - open_pressure_integral(downstream, range), valve_opening);
}

} // namespace limbflow::models
