#include "models/anatomy.hpp"

#include "models/arterial_source.hpp"
#include "models/cuff_transmission.hpp"

#include <algorithm>
#include <string>

namespace limbflow::models {

namespace {

/// Age at which the tables hold; effects of age count from here, yr.
constexpr double reference_age = 24.0;
/// Volumes and flows of the tables are per mL of tissue; the equations use 100 mL.
constexpr double tissue_unit = 100.0;

/// Share of the cuff's gauge pressure that presses on the skin.
double skin_share(const Scenario& scenario) {
  return scenario.cuff.material == CuffMaterial::elastic ? scenario.parameters.value("elastic_cuff_share") : 1.0;
}

} // namespace

double artery_transmission(const Scenario& scenario) {
  const auto& table = scenario.parameters;
  const LimbAnthropometry& limb = limb_of(scenario);
  const double depth_share =
      table.value(scenario.limb == LimbKind::arm ? "brachial_depth_share" : "femoral_depth_share");
  const double depth = artery_depth(limb.circumference_cm, limb.adipose_thickness_cm, depth_share);
  return skin_share(scenario) * depth_transmission(scenario.cuff.width_cm, depth,
                                                   table.value("cuff_transmission_coefficient"),
                                                   table.value("cuff_transmission_exponent"));
}

LimbParameters<double> limb_parameters(const Scenario& scenario) {
  const auto& table = scenario.parameters;
  const auto number = [&](const std::string& name) { return table.value(name); };
  const bool is_arm = scenario.limb == LimbKind::arm;
  const Person& person = scenario.person;
  const double years = person.age_yr - reference_age;
  const std::string limb_name = is_arm ? "arm" : "leg";
  const std::string place = std::string(name_of(scenario.posture)) + "_" + limb_name;

  LimbParameters<double> p{};
  p.tissue_volume = limb_of(scenario).distal_volume_mL;
  p.systolic_pressure = person.systolic_pressure;
  p.diastolic_pressure = person.diastolic_pressure;
  p.heart_rate = person.heart_rate;
  p.start_phase = number("beat_phase_at_start");
  p.central_venous_pressure = number("central_venous_pressure");
  const double column = number("blood_column");
  p.hydrostatic_cuff = column * (number(place + "_cuff_level") - scenario.limb_raised_cm);
  p.hydrostatic_limb = column * (number(place + "_limb_level") - scenario.limb_raised_cm);

  p.artery_transmission = scenario.has_cuff ? artery_transmission(scenario) : 0.0;
  p.superficial_transmission =
      scenario.has_cuff ? std::max(skin_share(scenario) * number("superficial_transmission"), p.artery_transmission) : 0.0;
  p.artery_closed = number("artery_closed");
  p.artery_open = number("artery_open");
  p.arterial_compliance = number("distal_arterial_compliance") * tissue_unit;

  // Resting conductances: the supine limb carries its resting flow from the artery below the cuff to the veins.
  const double flow = number(limb_name + "_resting_flow") * tissue_unit;
  p.venous_conductance = tissue_unit / number("venous_outflow_resistance");
  p.resting_arterial_pressure =
      p.diastolic_pressure + pulse_shape_mean * (p.systolic_pressure - p.diastolic_pressure);
  const double venous = p.central_venous_pressure + flow / p.venous_conductance;
  const double fall = p.resting_arterial_pressure - venous;
  const double conduit_fall = number("artery_conduit_share_" + limb_name) * fall;
  p.artery_conductance = flow / conduit_fall;
  const double arterial = p.resting_arterial_pressure - conduit_fall;
  const double conductance = flow / (arterial - venous);
  const double muscle = number(limb_name + "_muscle_share_of_resting_flow");
  p.active_share = number("active_share");
  p.active_resting_flow = flow * muscle * p.active_share;
  p.inactive_resting_flow = flow * muscle * (1.0 - p.active_share);
  p.skin_resting_flow = flow * (1.0 - muscle);
  p.active_conductance = conductance * muscle * p.active_share;
  p.inactive_conductance = conductance * muscle * (1.0 - p.active_share);
  p.skin_conductance = conductance * (1.0 - muscle);
  p.post_capillary_share = number("post_capillary_share");
  const double capillary = venous + p.post_capillary_share * (arterial - venous);
  const double supine_column = column * number("supine_" + limb_name + "_limb_level");
  p.resting_arteriolar_pressure = 0.5 * (arterial + capillary) + supine_column;

  p.demand_gain = number("demand_gain");
  p.intramuscular_gain = number("intramuscular_gain");
  p.vessel_closed = number("vessel_closed");
  p.vessel_open = number("vessel_open");

  p.deep_share = number("deep_venous_share");
  p.vein_scale = std::max(0.2, 1.0 - number("venous_capacity_loss_with_age") * years);
  p.vein_stiffness = number("vein_stiffness") / tissue_unit;
  p.vein_unstressed_volume = number("vein_unstressed_volume") * tissue_unit;
  p.vein_maximum_volume = number("vein_maximum_volume") * tissue_unit;
  p.vein_collapse_constant = number("vein_collapse_constant") * tissue_unit;
  p.vein_closed = number("vein_closed");
  p.vein_open = number("vein_open");
  p.valve_opening_pressure = number("valve_opening_pressure");
  p.perforator_conductance = number("perforator_conductance") * tissue_unit;
  p.collateral_conductance = number("collateral_conductance") * tissue_unit;

  p.filtration_coefficient = number("filtration_coefficient") * tissue_unit;
  p.oncotic_difference = number("oncotic_difference");
  p.resting_interstitial_pressure = number("resting_interstitial_pressure");
  p.interstitial_compliance = number("interstitial_compliance") * tissue_unit;
  // At supine rest lymph carries away what is filtered.
  p.resting_lymph_flow = std::max(0.0, p.filtration_coefficient * (capillary + supine_column -
                                                                   p.resting_interstitial_pressure - p.oncotic_difference));
  p.lymph_gain = number("lymph_gain");
  p.lymph_pumping_pressure = number("lymph_pumping_pressure");

  p.oxygen_store_time = number("oxygen_store_time");
  p.extraction_reserve = number("extraction_reserve");
  p.extraction_steepness = number("extraction_steepness");
  p.diffusion_limit = number("diffusion_limit");
  p.transit_time = number("transit_time");
  p.muscle_maximum_dilation = number("muscle_maximum_dilation");
  p.skin_maximum_dilation = number("skin_maximum_dilation");
  p.half_dilation_deficit = number("half_dilation_deficit");
  p.myogenic_sensitivity = number("myogenic_sensitivity");
  p.veno_arteriolar_strength = number("veno_arteriolar_strength");
  p.veno_arteriolar_start = number("veno_arteriolar_start");
  p.veno_arteriolar_full = number("veno_arteriolar_full");
  p.tone_time = number("tone_time");

  p.resting_refill_time = number("resting_refill_time") *
                          std::max(0.2, 1.0 + number("refill_time_rise_with_age") * years) *
                          (person.sex == Sex::woman ? number("refill_time_women") : 1.0);
  p.refill_fixed_share = number("refill_fixed_share");
  p.refill_colour_pressure = number("refill_colour_pressure");
  p.external_muscle_share = number("external_muscle_share");
  p.external_skin_share = number("external_skin_share");
  return p;
}

} // namespace limbflow::models
