// One vascular bed (arteriole - capillary - venule): its oxygen balance and the tone of its arterioles.
//
// Oxygen deficit x: what the tissue has drawn beyond what blood brought, in units of its oxygen store
// (295 uM over a resting uptake of 0.95 uM/s = 310 s; Hamaoka 2003, Opt Rev 10:493).
//
//   dq/dt = ( flow over resting flow - q ) / tau_transit    flow as capillary exchange sees it, a transit time late
//   dx/dt = ( 1 - u ) / tau_store
//   u     = q e_max s                                  uptake over resting uptake
//   s     = e(x) / e_max (1 + 1/d) / (1 + q/d)         share of the blood's oxygen that is taken, at most 1
//   e(x)  = e_max / (1 + (e_max - 1) exp(-k x))       extraction by tissue that has drawn x, over resting extraction
//
// d is the flow at which diffusion takes half of what slow blood would give off: fast blood leaves the bed with its
// oxygen. This is the balance of tissue at rest; working muscle has its own (working_muscle.hpp), and its need n counts
// high-energy phosphate as well.
//
// Flow through a bed at rest: conductance [ F(arterial) - F(venous) ], F the collapsible vessel's with a range well above zero.
// Tone holds arterioles shut up to some 40 mmHg, so veins have to fill beyond that before inflow feels much of them. In a limb that hangs
// arterioles close at a pressure higher by the weight of the column, so the column does not open them.
//
// Arteriolar tone: conductance over resting conductance, g, follows its target with a lag,
//
//   dg/dt = ( g_target - g ) / tau_tone
//   g_target = exp( -m (transmural pressure - its resting value) )    myogenic response
//            * [ 1 - s * smoothstep(venous distension) ]              veno-arteriolar response
//            + (g_max - 1) d                                          metabolic dilation by the need, d = n / (n + 1), n = x / x_half
//
// What metabolism opens has no tone: neither constriction acts on it (functional sympatholysis; Remensnyder 1962, Circ Res 11:370; recalled),
// and the pressure at which the arterioles of a bed at rest close falls with the root of its conductance: vessels of fingers close at 56 mmHg
// constricted and at 10 dilated (arteriole_closed). So a limb that hangs has hardly less hyperaemia than one that lies, where at rest it has less
// flow (Eur J Appl Physiol 2011;111:1415).
//
// A flow that falls by half is met by extraction first and by dilation after, so a resting limb under a cuff keeps its
// conductance; a flow that stops runs the store down at 1/310 per second and dilates, which is reactive hyperaemia.
#pragma once

#include "models/collapsible_vessel.hpp"

#include <algorithm>
#include <cmath>

namespace limbflow::models {

/// Constants of the oxygen balance and tone of one bed.
template <class T>
struct BedRegulation {
  core::Divisor<T> store_time_constant; // tau_store, s
  T maximum_extraction_ratio;   // e_max
  T extraction_steepness;       // k
  core::Divisor<T> diffusion_limit; // d at rest
  core::Divisor<T> transit_time; // tau_transit, s
  T maximum_dilation;           // g_max
  core::Divisor<T> half_dilation_deficit; // x_half
  T myogenic_sensitivity;       // m, 1/mmHg
  T veno_arteriolar_strength;   // s
  CollapseRange<T> veno_arteriolar_range; // venous distending pressures at which the response starts and is full, mmHg
  core::Divisor<T> tone_time_constant; // tau_tone, s
};

/// Oxygen extraction as a multiple of its resting value at deficit x.
template <class T>
T extraction_ratio(const T& deficit, const BedRegulation<T>& bed) {
  using std::exp;
  using std::max;
  using std::min;
  const T exponent = max(T(-60.0), min(T(60.0), -bed.extraction_steepness * deficit));
  return bed.maximum_extraction_ratio / (1.0 + (bed.maximum_extraction_ratio - 1.0) * exp(exponent));
}

/// Share (0..1) of the oxygen that blood can give off which the tissue takes; perfusion is over its resting value.
template <class T>
T extracted_share(const T& deficit, const T& perfusion, const BedRegulation<T>& bed) {
  using std::max;
  const T wanted = extraction_ratio(deficit, bed) * (1.0 + bed.diffusion_limit.reciprocal) /
                   (bed.maximum_extraction_ratio * (1.0 + max(T(0.0), perfusion) / bed.diffusion_limit));
  constexpr double turn = 0.05; // wanted shares above 1 - turn bend towards 1
  return 1.0 - open_pressure_integral(T(1.0 - wanted), CollapseRange<T>{T(-turn), T(turn)});
}

/// d(perfusion)/dt in 1/s; flow_ratio is the flow over its resting value.
template <class T>
T perfusion_rate(const T& perfusion, const T& flow_ratio, const BedRegulation<T>& bed) {
  return (flow_ratio - perfusion) / bed.transit_time;
}

/// d(deficit)/dt in 1/s of a bed at rest; perfusion is over its resting value.
template <class T>
T deficit_rate(const T& deficit, const T& perfusion, const BedRegulation<T>& bed) {
  const T uptake = perfusion * bed.maximum_extraction_ratio * extracted_share(deficit, perfusion, bed);
  return (1.0 - uptake) / bed.store_time_constant;
}

/// Conductance ratio that the arterioles tend to.
/// need: what dilates them, 1 where half of the largest dilation is asked for; transmural_change: arteriolar transmural pressure minus its
/// resting value, mmHg; venous_distension: transmural pressure of the veins of the bed, mmHg.
template <class T>
T tone_target(const T& need, const T& transmural_change, const T& venous_distension, const BedRegulation<T>& bed) {
  using std::exp;
  using std::max;
  using std::min;
  const T asking = max(T(0.0), need);
  const T metabolic = (bed.maximum_dilation - 1.0) * asking / (asking + 1.0);
  const T myogenic = exp(max(T(-4.0), min(T(4.0), -bed.myogenic_sensitivity * transmural_change)));
  const T veno_arteriolar = 1.0 - bed.veno_arteriolar_strength * open_fraction(venous_distension, bed.veno_arteriolar_range);
  return myogenic * veno_arteriolar + metabolic;
}

/// Transmural pressures between which the arterioles of beds with this conductance, over that at rest, go from shut to open, mmHg: tone shuts
/// them, and dilation takes it. at_rest: the same at rest.
template <class T>
CollapseRange<T> arteriole_range(const T& conductance_ratio, const CollapseRange<T>& at_rest) {
  using std::sqrt;
  constexpr double turn = 0.2; // a smooth start, up to this ratio above one
  const T dilated = open_pressure_integral(T(conductance_ratio - 1.0), CollapseRange<T>{T(0.0), T(turn)});
  const T toned = 1.0 / sqrt(1.0 + dilated);
  return {toned * at_rest.closed, toned * at_rest.open};
}

/// d(conductance ratio)/dt in 1/s.
template <class T>
T tone_rate(const T& conductance_ratio, const T& target, const BedRegulation<T>& bed) {
  return (target - conductance_ratio) / bed.tone_time_constant;
}

} // namespace limbflow::models
