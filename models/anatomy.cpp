#include "models/anatomy.hpp"

#include "models/arterial_source.hpp"
#include "models/cuff_transmission.hpp"
#include "models/strap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

namespace limbflow::models {

namespace {

/// Age at which the tables hold; effects of age count from here, yr.
constexpr double reference_age = 24.0;
/// Tissue below the cuff of the man that muscle volumes are tabled for, mL.
constexpr double reference_arm_volume = 1900.0;
constexpr double reference_leg_volume = 10000.0;
/// Volumes and flows of the tables are per mL of tissue; the equations use 100 mL.
constexpr double tissue_unit = 100.0;

/// Name of the working muscle group in the parameter tables.
std::string muscle_group_name(const Scenario& scenario) {
  MuscleGroup group = scenario.limb == LimbKind::arm ? MuscleGroup::elbow_flexors : MuscleGroup::knee_extensors;
  if (!scenario.exercises.empty())
    group = scenario.exercises.front().muscle;
  std::string name(name_of(group));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

WorkingMuscle<double> working_muscle(const core::ParameterTable& table, const std::string& group) {
  const auto number = [&](const std::string& name) { return table.value(name); };
  WorkingMuscle<double> m{};
  const double first = number(group + "_type_1");
  const double second = number(group + "_type_2a");
  const double last = std::max(0.02, 1.0 - first - second);
  const double sum = first + second + last;
  m.pool = motor_unit_pool({first / sum, second / sum, last / sum}, number("fibre_class_overlap"),
                           number("last_recruitment_threshold"), number("rate_coding_range"), number("first_unit_force"));
  m.resting_ph = number("resting_muscle_ph");
  m.resting_lactate = number("resting_muscle_lactate");
  const std::array<std::string, fibre_classes> suffix{"_1", "_2a", "_2x"};
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    FibreEnergetics<double>& fibre = m.fibre[k];
    fibre.creatine = number("total_creatine");
    fibre.adenine = number("total_adenine");
    const double phosphocreatine = number("resting_phosphocreatine");
    // ADP at rest from creatine kinase in equilibrium, then the phosphate that leaves Pi at its resting value
    const double equilibrium = energetics::creatine_kinase * std::pow(10.0, -m.resting_ph);
    const double free_creatine = fibre.creatine - phosphocreatine;
    fibre.resting_adp = fibre.adenine * free_creatine / (phosphocreatine * equilibrium + free_creatine);
    fibre.phosphate = number("resting_phosphate") + phosphocreatine + 3.0 * (fibre.adenine - fibre.resting_adp) +
                      2.0 * fibre.resting_adp;
    m.resting_energy = phosphocreatine + 2.0 * (fibre.adenine - fibre.resting_adp) + fibre.resting_adp;
    fibre.resting_use = number("resting_atp_use");
    fibre.oxidative_maximum = number("oxidative_maximum" + suffix[k]);
    fibre.oxidative_adp = number("oxidative_adp");
    fibre.resting_ph = m.resting_ph;
    constexpr double no_fall = 0.0;
    fibre.resting_respiration = respiration_share(fibre.resting_adp, no_fall, fibre);
    fibre.glycolytic_maximum = number("glycolytic_maximum" + suffix[k]);
    fibre.resting_glycolysis = number("resting_glycolysis");
    fibre.glycolytic_phosphate = number("glycolytic_phosphate");
    fibre.glycolytic_hydrogen = power_of_ten(-number("glycolytic_ph"));
    fibre.lactate_half = number("lactate_half");
    fibre.contraction_cost = number("contraction_cost" + suffix[k]);
    fibre.fatigued_cost = number("fatigued_cost_share");
    fibre.atp_half = number("atp_half_use");
    fibre.buffer = number("muscle_buffer");
  }
  m.resting_dihydrogen = phosphates(m.resting_energy, m.resting_ph, m.fibre[0]).dihydrogen;
  m.oxygen = {number("oxygen_capacity"),  number("arterial_saturation"), number("haemoglobin_p50"), number("haemoglobin_hill"),
              number("bohr_coefficient"), number("myoglobin"),           number("myoglobin_p50"),   number("oxygen_solubility"),
              number("capillary_blood_volume"), number("oxygen_diffusion")};
  m.respiration = {number("oxygen_half"), number("oxygen_order"), number("resting_oxygen_half")};
  constexpr double guessed_oxygen_pressure = 25.0; // mmHg; the resting limb replaces what follows from it
  m.resting_oxygen = tissue_oxygen_content(guessed_oxygen_pressure, m.oxygen);
  m.phosphate_sensitivity = number("phosphate_sensitivity");
  m.excitability_gain = number(group + "_excitability_gain");
  m.excitability_time = number("excitability_time");
  m.lasting_gain = number("lasting_gain");
  m.lasting_time = number("lasting_time");
  m.central_maximum = number("central_maximum");
  m.central_time = number("central_time");
  m.afferent_dihydrogen = {0.0, number("afferent_dihydrogen")};
  m.metaboreceptor_dihydrogen = number("metaboreceptor_dihydrogen");
  m.oxygen_per_atp = 1.0 / number("atp_per_oxygen");
  m.proton_efflux = number("proton_efflux");
  m.lactate_transport = number("lactate_transport");
  return m;
}

/// Where the limb is, as the tables of posture name it: "seated_leg".
std::string place_name(const Scenario& scenario) {
  return std::string(name_of(scenario.posture)) + "_" + std::string(name_of(scenario.limb));
}

/// How the scenario's cuff answers to a limb that bulges, and what its device does about it.
CuffDeviceResponse<double> cuff_device(const Scenario& scenario) {
  const auto number = [&](const std::string& name) { return scenario.parameters.value(name); };
  CuffDeviceResponse<double> device{};
  const double radius = limb_of(scenario).circumference_cm / (2.0 * std::numbers::pi);
  const bool strap = scenario.cuff.kind == CuffKind::strap;
  device.stiffness_rise = strap ? 0.0 : radius / (2.0 * number("bladder_thickness"));
  device.stiffness =
      strap ? strap_law(scenario).stiffness_to_bulge() : device.stiffness_rise * number("atmospheric_pressure");
  device.contraction_bulge = number("contraction_bulge");
  device.shortening_bulge = number("shortening_bulge");
  device.swelling_bulge = number("swelling_bulge");
  device.tautness = {0.0, number("cuff_taut_pressure")};
  device.dead_band = number("regulator_dead_band");
  device.creep_share = number(strap ? "strap_creep_share" : "cuff_creep_share");
  const bool regulated = scenario.cuff.device == CuffDevice::regulated;
  device.regulator_rate = regulated ? 1.0 / number("regulator_time") : 0.0;
  device.creep_rate = regulated ? 0.0 : 1.0 / number("cuff_creep_time");
  return device;
}

/// Share of the cuff's gauge pressure that presses on the skin.
double skin_share(const Scenario& scenario) {
  return scenario.cuff.material == CuffMaterial::elastic ? scenario.parameters.value("elastic_cuff_share") : 1.0;
}

} // namespace

ArterialWall arterial_wall(const core::ParameterTable& table) {
  return {table.value("arterial_blood_volume") * tissue_unit, table.value("arterial_reference_pressure"),
          table.value("arterial_distensibility"), table.value("arterial_stiffening"), table.value("blood_column")};
}

ArteryAtRest artery_at_rest(const Scenario& scenario) {
  const auto number = [&](const std::string& name) { return scenario.parameters.value(name); };
  const Person& person = scenario.person;
  const double mean =
      person.diastolic_pressure + pulse_shape_mean * (person.systolic_pressure - person.diastolic_pressure);
  const double level = number(place_name(scenario) + "_limb_level") - scenario.limb_raised_cm;
  const ArterialWall wall = arterial_wall(scenario.parameters);
  ArteryAtRest artery;
  artery.transmural_pressure = mean + number("blood_column") * level -
                               number("external_muscle_share") * scenario.external_pressure_mmHg;
  artery.distensibility = wall.distensibility(artery.transmural_pressure);
  artery.pulse_wave_velocity = wall.pulse_wave_velocity(artery.transmural_pressure);
  return artery;
}

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
  const std::string group = muscle_group_name(scenario);
  // Muscle groups are tabled for a limb of the reference man and scale with the limb.
  const double muscle_scale = limb_of(scenario).distal_volume_mL / (is_arm ? reference_arm_volume : reference_leg_volume);
  const std::string place = place_name(scenario);

  LimbParameters<double> p{};
  p.tissue_volume = limb_of(scenario).distal_volume_mL;
  p.systolic_pressure = person.systolic_pressure;
  p.diastolic_pressure = person.diastolic_pressure;
  const double arm_pulse = p.systolic_pressure - p.diastolic_pressure;
  p.pulse_gain = is_arm ? 1.0 : 1.0 + number("femoral_systolic_rise") / ((1.0 - pulse_shape_mean) * arm_pulse);
  p.heart_rate = person.heart_rate;
  p.start_phase = number("beat_phase_at_start");
  p.central_venous_pressure = number("central_venous_pressure");
  const double column = number("blood_column");
  p.hydrostatic_cuff = column * (number(place + "_cuff_level") - scenario.limb_raised_cm);
  p.hydrostatic_limb = column * (number(place + "_limb_level") - scenario.limb_raised_cm);
  const auto muscle_column = [&](double cuff_column, double limb_column) {
    return cuff_column + number(group + "_level_share") * (limb_column - cuff_column);
  };
  p.hydrostatic_muscle = muscle_column(p.hydrostatic_cuff, p.hydrostatic_limb);

  p.artery_transmission = scenario.has_cuff ? artery_transmission(scenario) : 0.0;
  p.superficial_transmission =
      scenario.has_cuff ? std::max(skin_share(scenario) * number("superficial_transmission"), p.artery_transmission) : 0.0;
  p.cuff_pull = scenario.has_cuff && scenario.cuff.material == CuffMaterial::elastic ? number("elastic_cuff_pull") : 0.0;
  p.artery = {number("artery_closed"), number("artery_open")};

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
  const double muscle = number(limb_name + "_muscle_share_of_resting_flow");
  p.muscle_volume = tissue_unit * number(group + "_volume") * muscle_scale / p.tissue_volume;
  p.active_share = std::min(0.95, p.muscle_volume / (tissue_unit * number("deep_venous_share")));
  p.active_resting_flow = flow * muscle * p.active_share;
  p.inactive_resting_flow = flow * muscle * (1.0 - p.active_share);
  p.skin_resting_flow = flow * (1.0 - muscle);
  p.arteriole = {number("arteriole_closed"), number("arteriole_open")};
  p.vessel = {number("vessel_closed"), number("vessel_open")};
  const double supine_column = column * number("supine_" + limb_name + "_limb_level");
  const double supine_muscle_column = muscle_column(column * number("supine_" + limb_name + "_cuff_level"), supine_column);
  const double inside = supine_muscle_column - number("resting_interstitial_pressure");
  p.active_conductance = p.active_resting_flow /
                         (open_pressure_integral(arterial + inside, p.vessel) - open_pressure_integral(venous + inside, p.vessel));
  const double arteriolar_fall = open_pressure_integral(arterial + supine_column, p.arteriole) -
                                 open_pressure_integral(venous + supine_column, p.arteriole);
  p.inactive_conductance = p.inactive_resting_flow / arteriolar_fall;
  p.skin_conductance = p.skin_resting_flow / arteriolar_fall;
  p.post_capillary_share = number("post_capillary_share");
  const double capillary = venous + p.post_capillary_share * (arterial - venous);
  p.resting_arteriolar_pressure = arterial + supine_column - 0.5 * arteriolar_fall;
  p.resting_working_arteriolar_pressure = p.resting_arteriolar_pressure + supine_muscle_column - supine_column;
  // Where the limb hangs, the closing pressure of its arterioles follows the column.
  const double closing_shift = number("arteriole_closing_shift") * std::max(0.0, p.hydrostatic_limb - supine_column);
  p.arteriole = {p.arteriole.closed + closing_shift, p.arteriole.open + closing_shift};
  // The store below the cuff: arteries down to arterioles, at rest in the posture.
  const double artery = artery_at_rest(scenario).transmural_pressure;
  p.arterial_compliance = arterial_wall(table).compliance(artery - 0.5 * arteriolar_fall, artery);

  p.intramuscular_gain = number("intramuscular_gain");
  p.intramuscular_first = number("intramuscular_first");
  p.intramuscular_first_force = number("intramuscular_first_force");

  p.deep_share = number("deep_venous_share");
  p.vein_scale = std::max(0.2, 1.0 - number("venous_capacity_loss_with_age") * years);
  p.venous_curve = {number("vein_stiffness") / tissue_unit, number("vein_unstressed_volume") * tissue_unit,
                    number("vein_maximum_volume") * tissue_unit, number("vein_collapse_constant") * tissue_unit,
                    number("unstressed_vein_resistance")};
  p.late_vein_share = number("late_vein_share");
  p.deep_main_scale = p.deep_share * p.vein_scale * (1.0 - p.late_vein_share);
  p.deep_late_scale = p.deep_share * p.vein_scale * p.late_vein_share;
  p.superficial_main_scale = (1.0 - p.deep_share) * p.vein_scale * (1.0 - p.late_vein_share);
  p.superficial_late_scale = (1.0 - p.deep_share) * p.vein_scale * p.late_vein_share;
  p.late_filling_time = number("late_filling_time");
  p.late_drainage_time = number("late_drainage_time");
  p.vein = {number("vein_closed"), number("vein_open")};
  p.valve_opening = {0.0, number("valve_opening_pressure")};
  p.perforator_conductance = number("perforator_conductance") * tissue_unit;
  p.collateral_conductance = number("collateral_conductance") * tissue_unit;

  p.filtration_coefficient = number("filtration_coefficient") * tissue_unit;
  p.oncotic_difference = number("oncotic_difference");
  p.oncotic_rise = number("oncotic_rise");
  p.resting_interstitial_pressure = number("resting_interstitial_pressure");
  p.interstitial_compliance = number("interstitial_compliance") * tissue_unit;
  // At supine rest lymph carries away what is filtered.
  const auto filtered = [&](double blood_flow, double share) {
    return capillary_filtration(capillary + supine_column, p.resting_interstitial_pressure, blood_flow, p.capillary_wall(share));
  };
  p.resting_lymph_flow = std::max(0.0, filtered(flow * muscle, p.deep_share) + filtered(flow * (1.0 - muscle), 1.0 - p.deep_share));
  p.lymph_gain = number("lymph_gain");
  p.lymph_stopping = {0.0, number("lymph_pumping_pressure")};

  const auto bed = [&](const std::string& maximum_dilation, const std::string& half_dilation,
                       const std::string& veno_arteriolar_strength) -> BedRegulation<double> {
    return {number("oxygen_store_time"),    number("extraction_reserve"),
            number("extraction_steepness"), number("diffusion_limit"),
            number("transit_time"),         number(maximum_dilation),
            number(half_dilation),          number("myogenic_sensitivity"),
            number(veno_arteriolar_strength), {number("veno_arteriolar_start"), number("veno_arteriolar_full")},
            number("tone_time")};
  };
  p.muscle_bed = bed("muscle_maximum_dilation", limb_name + "_half_dilation_deficit", "muscle_veno_arteriolar_strength");
  p.skin_bed = bed("skin_maximum_dilation", "skin_half_dilation_deficit", "skin_veno_arteriolar_strength");
  p.half_dilation_energy = number("half_dilation_energy");
  p.muscle = working_muscle(table, group);
  p.muscle.washout_time = number("muscle_lactate_volume") * p.muscle_volume / p.active_resting_flow;
  p.reflexes = {number("command_pressure"),
                number("afferent_pressure"),
                number("command_heart_rate"),
                number("afferent_heart_rate"),
                {0.0, number("vagal_withdrawal_drive")},
                number("flow_pressure_fall") / 60.0, // per mL/min
                number("reflex_time"),
                number("systolic_response_share"),
                diastolic_response_share(number("systolic_response_share"))};
  p.working_limbs = number("working_limbs");
  p.lactate_distribution = number("lactate_space") * person.mass_kg * 1000.0;
  p.lactate_clearance = number("lactate_clearance");
  p.muscle_lactate_volume = number("muscle_lactate_volume");
  p.resting_blood_lactate = number("resting_blood_lactate");
  p.carbon_dioxide_slope = number("carbon_dioxide_slope");
  p.carbon_dioxide_per_lactate = number("carbon_dioxide_per_lactate");
  p.blood_ph_per_carbon_dioxide = number("blood_ph_per_carbon_dioxide");
  p.blood_ph_per_lactate = number("blood_ph_per_lactate");
  p.myoglobin_light_share = number("myoglobin_light_share");
  p.light_blood_volume = number("light_blood_volume");
  p.resting_phosphocreatine = number("resting_phosphocreatine");
  p.osmotic_share = number("osmotic_share");
  p.osmolality = number("muscle_osmolality");

  p.resting_refill_time = number("resting_refill_time") *
                          std::max(0.2, 1.0 + number("refill_time_rise_with_age") * years) *
                          (person.sex == Sex::woman ? number("refill_time_women") : 1.0);
  p.refill_fixed_share = number("refill_fixed_share");
  p.refill_colour_pressure = number("refill_colour_pressure");
  p.external_muscle_share = number("external_muscle_share");
  p.device = cuff_device(scenario);
  p.external_skin_share = number("external_skin_share");
  return p;
}

} // namespace limbflow::models
