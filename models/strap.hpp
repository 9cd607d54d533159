// A strap without a gauge: from how it is put on to the pressure under it.
//
//   Laplace        p = efficiency T / (width r),  r = r_0 (1 - q)
//   the limb       q = limit p / (p + half)                      it narrows under the strap, ever less
//   the strap      T = stiffness width strain
//   pulled until it overlaps by a share X of the limb's circumference, it spans with 1 - X what is 1 - q around:
//                  strain = (1 - q)/(1 - X) - 1
//   rated          mean p = p_10 (rating/10)^n                   perceived tightness, 0 to 10
//
// efficiency: what is measured on the skin is a fraction of Laplace's law (Hooke 2021, Mil Med 186 S1:378). A pull and a rating
// are not a pressure but a distribution of it: both vary between people, and so does occlusion pressure.
// Pressures are taken as log-normal, independent of occlusion pressure, which is log-normal too.
#pragma once

#include "models/scenario.hpp"

#include <optional>

namespace limbflow::models {

/// Pressure (mmHg) under a strap of a tension (N), and how it answers to a limb that grows.
struct StrapLaw {
  double efficiency;
  double stiffness;           // N per cm of width at a strain of one
  double compression_limit;
  double compression_half;    // mmHg
  double width_cm;
  double radius_cm;           // of the limb without the strap

  /// Share by which the limb's radius shrinks at a pressure.
  double compression(double pressure) const;
  double pressure_of_tension(double tension_N) const;
  /// strain: of the strap where it lies on the limb.
  double pressure_of_stretch(double strain) const;
  /// overlap: of the limb's circumference, 0 up to below 1.
  double pressure_of_overlap(double overlap) const;
  /// The overlap that makes a pressure.
  double overlap_of_pressure(double pressure) const;
  /// Rise of pressure (mmHg) per relative growth of the limb's cross-section.
  double stiffness_to_bulge() const;
};

/// The law of a scenario's strap on its person's limb. Throws std::out_of_range when a parameter table lacks a name.
StrapLaw strap_law(const Scenario& scenario);

/// Mean pressure (mmHg) of the scenario's strap, from its tension, stretch, overlap or tightness.
double strap_pressure(const Scenario& scenario);

/// Mean and standard deviation of a log-normal quantity, mmHg.
struct Spread {
  double mean = 0;
  double sd = 0;

  /// The value that a share (0..1) of the distribution lies below.
  double quantile(double share) const;
};

/// The pressure under a strap as far as it is known, and what it means for the artery.
struct StrapReading {
  Spread pressure;         ///< between people
  double day_to_day_sd = 0; ///< of one person's pressure from day to day, mmHg; 0 if the strap was not rated
  Spread occlusion;        ///< occlusion pressure under a cuff of the strap's width
  Spread share;            ///< pressure over occlusion pressure
  double full_occlusion = 0; ///< probability that the pressure is at or above the occlusion pressure
  double full_occlusion_low = 0;  ///< 95 % interval of it, from the number of people that the spreads were measured on
  double full_occlusion_high = 0;
};

/// Whose occlusion pressure a strap is held against.
enum class OcclusionKnown { of_people, of_person, measured };

/// Reads a scenario's strap. of_people: that of the people who rated tightness; of_person: the virtual test on the scenario's
/// person; measured: the scenario's measured one. Throws as strap_law and aop (virtual_tests.hpp).
StrapReading read_strap(const Scenario& scenario, OcclusionKnown known);

} // namespace limbflow::models
