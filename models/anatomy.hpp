// From a person, a cuff and the parameter tables to the numbers of the limb's equations.
#pragma once

#include "models/arterial_wall.hpp"
#include "models/limb_parameters.hpp"
#include "models/scenario.hpp"

namespace limbflow::models {

/// The limb that the scenario names, of its person, in its posture and under its cuff. Resting conductances are such that the
/// supine resting limb has the resting flow of the tables. `occlusion_pressure` and `reference_volume` are left at zero:
/// the virtual test and the resting state fill them (models/run.hpp).
/// Throws std::out_of_range when a parameter table lacks a name.
LimbParameters<double> limb_parameters(const Scenario& scenario);

/// Pressure on artery and deep veins under the cuff over the cuff's gauge pressure (0..1).
double artery_transmission(const Scenario& scenario);

/// The law of the arteries below the cuff. Throws std::out_of_range when the table lacks a name.
ArterialWall arterial_wall(const core::ParameterTable& table);

/// The arteries below the cuff of a scenario's person at rest, in its posture and under its outside pressure.
struct ArteryAtRest {
  double transmural_pressure = 0; ///< mean over a beat, mmHg
  double distensibility = 0;      ///< 1/mmHg
  double pulse_wave_velocity = 0; ///< m/s
};

/// Throws std::out_of_range when a parameter table lacks a name.
ArteryAtRest artery_at_rest(const Scenario& scenario);

} // namespace limbflow::models
