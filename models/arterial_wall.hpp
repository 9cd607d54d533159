// The wall of the arteries below the cuff: how volume follows transmural pressure.
//
//   distensibility     D(P) = (1/V) dV/dP = D_r exp(-k (P - P_r))
//   volume             V(P) = V_r exp[ D_r/k (1 - exp(-k (P - P_r))) ]      the integral of D
//   compliance         C = [V(P) - V(Q)] / (P - Q)     of vessels between the pressures P and Q
//   pulse wave speed   c(P) = 1 / sqrt(rho D(P))                            Bramwell & Hill 1922, Proc R Soc B 93:298
//
// P: transmural pressure (inside minus outside). An artery stiffens as it fills: its elastic modulus rises exponentially with
// transmural pressure (Med Biol Eng Comput 2021, 10.1007/s11517-021-02391-1, finger and radial arteries; the exponential branch
// of the brachial compliance curve of PMC9958264). The law is that of a distended artery, P > 0; the one under the cuff, which
// collapses, is in collapsible_vessel.hpp.
#pragma once

#include <cmath>

namespace limbflow::models {

/// mL/100mL, mmHg, 1/mmHg, 1/mmHg; rho g of blood in mmHg/cm.
struct ArterialWall {
  double reference_volume;
  double reference_pressure;
  double reference_distensibility;
  double stiffening;
  double blood_column;

  /// Relative rise of volume per mmHg at a transmural pressure (mmHg).
  double distensibility(double pressure) const {
    return reference_distensibility * std::exp(-stiffening * (pressure - reference_pressure));
  }

  /// mL/100mL at a transmural pressure (mmHg).
  double volume(double pressure) const {
    return reference_volume * std::exp((reference_distensibility - distensibility(pressure)) / stiffening);
  }

  /// mL/100mL/mmHg of vessels whose transmural pressure falls from one to the other (mmHg, high > low).
  double compliance(double low, double high) const { return (volume(high) - volume(low)) / (high - low); }

  /// Speed of the pulse wave in m/s at a transmural pressure (mmHg).
  double pulse_wave_velocity(double pressure) const {
    constexpr double gravity = 980.665; // cm/s2
    constexpr double cm_in_m = 100.0;
    // mmHg over rho is mmHg g over the weight of the blood column
    return std::sqrt(gravity / (blood_column * distensibility(pressure))) / cm_in_m;
  }
};

} // namespace limbflow::models
