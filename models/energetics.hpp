// Phosphates, protons and lactate of one fibre class. Concentrations in mM of muscle, rates in mM/s.
//
// States: e = PCr + 2 ATP + ADP (high-energy phosphate), pH, lactate. The totals of creatine, adenine nucleotide and phosphate are
// parameters and everything else follows from them, so the three are conserved by construction:
//
//   creatine kinase in equilibrium   ADP PCr K = ATP Cr,  K = K_ck [H+]     (a quadratic in ADP)
//   Pi  = phosphate - PCr - 3 ATP - 2 ADP
//   de/dt = oxidative + glycolytic - use                                   each in mM ATP/s
//
//   use        = [ rest + cost k a (c_0 + (1 - c_0) capacity) + work ] ATP / (ATP + k_ATP)
//                a: activation of the class, k: cost of lengthening over an isometric contraction, work: ATP for shortening work
//   oxidative  = rest P_O2 / (P_O2 + k_0) + maximum (h(x) - h(x at rest)) P_O2^m / (P_O2^m + k_O2^m)
//                h(x) = x^n / (x^n + k^n), n = 2.2 (Jeneson 1996, J Biol Chem 271:27995: order above two in ADP; recalled);
//                x: the ADP that the ratio of creatine to phosphocreatine would give at resting pH. Mitochondria sense the ratio
//                (creatine shuttle; Walsh 2001, J Physiol 537:971; recalled), so acid does not slow them.
//                Fast respiration steepens the gradients inside a fibre, so it stops while myoglobin still holds oxygen
//                (Tevald 2009, Eur J Appl Physiol); slow respiration takes nearly all
//   glycolytic = maximum (a + a_rest) Pi^2 / (Pi^2 + k_Pi^2) / (1 + 10^(2 (pH_half - pH)))      1.5 ATP a pyruvate, from glycogen
//   burnt      = oxidative / 15 * L / (L + k_L)            pyruvate that mitochondria take; L: lactate, its near-equilibrium partner
//   lactate formed = glycolytic / 1.5 - burnt
//
//   beta dpH/dt = gamma (-de/dt) - lactate formed + protons carried away,  gamma = 1 / (1 + 10^(pH - 6.75))
//                (protons taken up as phosphocreatine breaks down; Kemp & Radda 1994, Magn Reson Q 10:43; recalled)
//   beta = buffer + 2.303 Pi K_a H / (K_a + H)^2                            the second term is phosphate's own
#pragma once

#include "core/divisor.hpp"
#include "core/scalar.hpp"

#include <algorithm>
#include <cmath>

namespace limbflow::models {

/// Pools and rate constants of one fibre class.
template <class T>
struct FibreEnergetics {
  T creatine, adenine, phosphate; ///< total pools, mM
  T resting_use;                  ///< mM ATP/s
  T oxidative_maximum;            ///< mM ATP/s
  core::Divisor<T> oxidative_adp; ///< ADP of half the oxidative maximum, mM
  T resting_adp;                  ///< mM
  T resting_ph;
  T resting_respiration;          ///< h(x) at rest
  T glycolytic_maximum;           ///< mM ATP/s at full activation
  T resting_glycolysis;           ///< a_rest: activation of glycolysis in a muscle at rest
  T glycolytic_phosphate;         ///< Pi of half the glycolytic rate, mM
  T glycolytic_hydrogen;          ///< hydrogen ions at which glycolysis runs at half its rate, M
  T lactate_half;                 ///< lactate at which its pyruvate fills half of what mitochondria take, mM
  T contraction_cost;             ///< mM ATP/s at full isometric activation
  T fatigued_cost;                ///< c_0: share of the cost that does not fall with force
  T atp_half;                     ///< ATP of half the use, mM
  T buffer;                       ///< without phosphate, mM/pH
};

/// How respiration depends on the tissue's oxygen pressure.
template <class T>
struct RespirationOxygen {
  core::Divisor<T> half; ///< pressure of half the rate of fast respiration, mmHg
  T order;        ///< m: how steeply fast respiration falls with it
  T resting_half; ///< pressure of half the resting rate, mmHg
};

/// Share (0..1) of their rate with unlimited oxygen at which resting and fast respiration can run.
template <class T>
struct OxygenSupply {
  T resting, fast;
};

/// Phosphates of one class, mM; dihydrogen is H2PO4-. Hydrogen ions in M.
template <class T>
struct Phosphates {
  T phosphocreatine, atp, adp, inorganic, dihydrogen;
  T hydrogen;
  T acid_share; // H2PO4- over inorganic phosphate
};

namespace energetics {
inline constexpr double creatine_kinase = 1.66e9; ///< K_ck, 1/M (Lawson & Veech 1979, J Biol Chem 254:6528; recalled)
inline constexpr double phosphate_pk = 6.75;
inline constexpr double per_phosphate_acidity = 5623413.251903491; ///< 10^6.75: one over K_a, 1/M
inline constexpr double atp_per_lactate = 1.5;
inline constexpr double atp_per_pyruvate_burnt = 15.0; ///< half of the 30 ATP that mitochondria make of a glucose
inline constexpr double log_of_ten = 2.302585092994046;
} // namespace energetics

template <class T>
T power_of_ten(const T& x) {
  using std::exp;
  return exp(energetics::log_of_ten * x);
}

/// The phosphates that high-energy phosphate `energy` (mM) and pH imply.
template <class T>
Phosphates<T> phosphates(const T& energy, const T& ph, const FibreEnergetics<T>& fibre) {
  using core::select;
  using std::max;
  using std::sqrt;
  Phosphates<T> p;
  p.hydrogen = power_of_ten(T(-ph));
  const T equilibrium = energetics::creatine_kinase * p.hydrogen;
  const T s = energy - 2.0 * fibre.adenine; // PCr - ADP
  // (K - 1) ADP^2 + b ADP - A (C - s) = 0, its positive root in the form that does not cancel
  const T b = equilibrium * s + fibre.adenine + fibre.creatine - s;
  const T c = max(T(0.0), fibre.adenine * (fibre.creatine - s));
  const T root = sqrt(b * b + 4.0 * (equilibrium - 1.0) * c);
  p.adp = select(b > T(0.0), T(2.0 * c), T(root - b)) / select(b > T(0.0), T(b + root), T(2.0 * (equilibrium - 1.0)));
  p.phosphocreatine = s + p.adp;
  p.atp = fibre.adenine - p.adp;
  p.inorganic = fibre.phosphate - p.phosphocreatine - 3.0 * p.atp - 2.0 * p.adp;
  const T ratio = p.hydrogen * energetics::per_phosphate_acidity;
  p.acid_share = ratio / (1.0 + ratio);
  p.dihydrogen = p.inorganic * p.acid_share;
  return p;
}

/// h(x), x: what `adp` (mM) would be at resting pH. ph_fall: resting pH minus pH.
template <class T>
T respiration_share(const T& adp, const T& ph_fall, const FibreEnergetics<T>& fibre) {
  using std::exp;
  using std::log;
  using std::max;
  constexpr double order = 2.2;
  const T raised = exp(order * (log(max(adp, T(1e-9)) / fibre.oxidative_adp) + energetics::log_of_ten * ph_fall));
  return raised / (1.0 + raised);
}

/// What a tissue oxygen pressure (mmHg) lets respiration do.
template <class T>
OxygenSupply<T> oxygen_supply(const T& oxygen_pressure, const RespirationOxygen<T>& oxygen) {
  using std::exp;
  using std::log;
  using std::max;
  const T raised = exp(oxygen.order * log(max(oxygen_pressure, T(1e-6)) / oxygen.half));
  return {oxygen_pressure / (oxygen_pressure + oxygen.resting_half), raised / (1.0 + raised)};
}

/// Rates of one class, mM/s.
template <class T>
struct EnergyRates {
  T use, oxidative, glycolytic, lactate_formed;
};

/// lactate: of the class, mM; activation: of the class, 0..1; cost_factor: what the kind of contraction costs over an isometric one;
/// work_use: ATP for shortening work, mM/s; capacity: force left, 0..1.
template <class T>
EnergyRates<T> energy_rates(const Phosphates<T>& p, const T& ph, const T& lactate, const T& activation, const T& cost_factor,
                            const T& work_use, const T& capacity, const OxygenSupply<T>& oxygen,
                            const FibreEnergetics<T>& fibre) {
  using std::max;
  const T phosphate = max(T(0.0), p.inorganic);
  EnergyRates<T> rates;
  rates.use = (fibre.resting_use + fibre.contraction_cost * cost_factor * activation *
                                       (fibre.fatigued_cost + (1.0 - fibre.fatigued_cost) * capacity) +
               work_use) *
              max(T(0.0), p.atp) / (p.atp + fibre.atp_half);
  const T respiration = respiration_share(p.adp, T(fibre.resting_ph - ph), fibre);
  rates.oxidative = max(T(0.0), fibre.resting_use * oxygen.resting +
                                    fibre.oxidative_maximum * (respiration - fibre.resting_respiration) * oxygen.fast);
  const T hydrogen_half = fibre.glycolytic_hydrogen * fibre.glycolytic_hydrogen; // 10^(2 (pH_half - pH)) = (H / H_half)^2
  rates.glycolytic = fibre.glycolytic_maximum * (activation + fibre.resting_glycolysis) * phosphate * phosphate * hydrogen_half /
                     ((phosphate * phosphate + fibre.glycolytic_phosphate * fibre.glycolytic_phosphate) *
                      (hydrogen_half + p.hydrogen * p.hydrogen));
  const T lactates = max(T(0.0), lactate);
  rates.lactate_formed =
      rates.glycolytic * (1.0 / energetics::atp_per_lactate) -
      rates.oxidative * (1.0 / energetics::atp_per_pyruvate_burnt) * lactates / (lactates + fibre.lactate_half);
  return rates;
}

/// Buffer capacity with phosphate's own, mM/pH.
template <class T>
T buffer_capacity(const Phosphates<T>& p, const FibreEnergetics<T>& fibre) {
  using std::max;
  return fibre.buffer + energetics::log_of_ten * max(T(0.0), p.inorganic) * p.acid_share * (1.0 - p.acid_share);
}

/// Protons taken up for each phosphocreatine broken down.
template <class T>
T protons_per_phosphocreatine(const Phosphates<T>& p) {
  return p.acid_share;
}

} // namespace limbflow::models
