// How much of a cuff's pressure arrives at the vessels under it.
//
//   pressure at the vessel = skin share * depth share * (cuff pressure + pull)
//
// pull: an elastic band is put on under tension before air goes in; nylon cuffs are laid on without.
// skin share: a nylon cuff presses on the skin with its gauge pressure; an elastic cuff spends much of that on stretching
// itself. Superficial veins see the skin's pressure less what its edge loses (parameter superficial_transmission).
// depth share: under the middle of a cuff of width w the pressure on a vessel at depth d is that on the skin times
// 1 - exp(-a (w/d)^b): nearly all for a cuff much wider than the vessel is deep, half or less for a narrow one on a
// thick limb (Crenshaw 1988, Acta Orthop Scand 59:447; Shaw & Murray 1982, J Bone Joint Surg 64:1148).
// The pressure at the vessel never exceeds the cuff's.
#pragma once

#include "models/collapsible_vessel.hpp"

#include <cmath>

namespace limbflow::models {

/// Share (0..1) of the skin pressure under the middle of a cuff that reaches a depth.
/// width_cm > 0: cuff width; depth_cm > 0: depth of the vessel below the skin;
/// coefficient and exponent: parameters `cuff_transmission_coefficient` and `cuff_transmission_exponent`.
inline double depth_transmission(double width_cm, double depth_cm, double coefficient, double exponent) {
  return 1.0 - std::exp(-coefficient * std::pow(width_cm / depth_cm, exponent));
}

/// Gauge pressure below which a band is being put on or taken off, mmHg.
inline constexpr double band_on_pressure = 20.0;

/// Gauge pressure (mmHg) that would press as a cuff does that was put on with a pull worth `pull` (mmHg).
template <class T>
T pressing_pressure(const T& gauge_pressure, const T& pull) {
  return gauge_pressure + pull * open_fraction(gauge_pressure, CollapseRange<T>{T(0.0), T(band_on_pressure)});
}

/// Depth (cm) of the main artery in a limb of the given circumference (cm): a share of the lean radius plus the
/// subcutaneous fat that lies over it.
inline double artery_depth(double circumference_cm, double adipose_thickness_cm, double share_of_lean_radius) {
  const double radius = circumference_cm / (2.0 * 3.14159265358979323846);
  return share_of_lean_radius * (radius - adipose_thickness_cm) + adipose_thickness_cm;
}

} // namespace limbflow::models
