// A thin-walled vessel whose conductance depends on its transmural pressure.
//
//   inflow pressure --->[ g(p) ]---> outflow pressure        external pressure squeezes the wall
//
// A vessel is open while its transmural pressure p (inside minus outside, mmHg) is above `open`, shut below `closed`,
// and in between its conductance, as a fraction of the open one, is the smoothstep g = x^2 (3 - 2x),
// x = (p - closed) / (open - closed).
//
// Along a vessel the pressure falls from inlet to outlet and with it the local conductance. For quasi-steady flow the
// integral along the vessel is exact:
//
//   flow = conductance * [ F(p_inlet) - F(p_outlet) ],   F(p) = integral of g from -infinity to p.
//
// This one expression holds all three regimes of a collapsible tube (Holt; Conrad 1969, IEEE Trans Biomed Eng
// 16:284; Shapiro 1977, J Biomech Eng 99:126): an ordinary resistor when open at both ends, a "waterfall" whose
// flow no longer depends on the outlet when the outlet is collapsed (the Starling resistor), and no flow at all when
// shut. F is twice continuously differentiable and costs no transcendental function.
#pragma once

#include "core/divisor.hpp"

#include <algorithm>

namespace limbflow::models {

/// Transmural pressures between which a vessel goes from shut to fully open, mmHg; closed < open.
template <class T>
struct CollapseRange {
  T closed{};
  T open{};
  core::Divisor<T> width{};

  CollapseRange() = default;
  CollapseRange(const T& shut_below, const T& open_above) : closed(shut_below), open(open_above), width(T(open_above - shut_below)) {}
};

/// Conductance as a fraction of the open vessel's (0..1) at transmural pressure p (mmHg).
template <class T>
T open_fraction(const T& p, const CollapseRange<T>& range) {
  using std::max;
  using std::min;
  const T x = max(T(0.0), min(T(1.0), (p - range.closed) / range.width));
  return x * x * (3.0 - 2.0 * x);
}

/// F(p), mmHg: the integral of open_fraction from -infinity to p. Zero below `closed`, slope one above `open`.
template <class T>
T open_pressure_integral(const T& p, const CollapseRange<T>& range) {
  using std::max;
  using std::min;
  const T x = max(T(0.0), min(T(1.0), (p - range.closed) / range.width));
  return range.width * (x * x * x * (1.0 - 0.5 * x)) + max(T(0.0), p - range.open);
}

/// open_fraction and, over the range's width, open_pressure_integral at the same place.
template <class T>
struct VesselOpening {
  T fraction;
  T integral;
};

/// Both at x = (p - closed) / (open - closed), for loops over pressures of one vessel.
template <class T>
VesselOpening<T> vessel_opening(const T& x) {
  using std::max;
  using std::min;
  const T above = max(T(0.0), x);
  const T within = min(T(1.0), above);
  const T square = within * within;
  return {square * (3.0 - 2.0 * within), square * within * (1.0 - 0.5 * within) + (above - within)};
}

/// Effective driving pressure (mmHg) past a venous valve: nothing backward, all forward but for the pressure that opens
/// the valve. `opening`: driving pressures from nothing, where it is shut, to where it is fully open.
template <class T>
T valve(const T& driving_pressure, const CollapseRange<T>& opening) {
  return open_pressure_integral(driving_pressure, opening);
}

} // namespace limbflow::models
