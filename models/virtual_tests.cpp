#include "models/virtual_tests.hpp"

#include "core/integrate.hpp"
#include "models/anatomy.hpp"
#include "models/cuff_transmission.hpp"
#include "models/limb_pools.hpp"
#include "models/remembered.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace limbflow::models {

namespace {

/// Time in the posture before the references are read, and again before anything is measured, s.
constexpr double settling_time = 1500.0;
/// Beats after which the artery beyond a closed cuff has run down.
constexpr int run_down_beats = 12;
/// Steps a beat in the occlusion test, where only the tip of the pulse passes.
constexpr std::size_t fine_beat_steps = 256;

/// At this tolerance rest is found to 1e-11 of a state, over its scale and size (tests/models/implicit_test.cpp).
core::IntegrationOptions tight_tolerance() {
  core::IntegrationOptions options;
  options.relative_tolerance = 1e-8;
  options.absolute_tolerance = 1e-8;
  return options;
}

/// Volume at the start and the end of the last segment, mL/100mL.
struct VolumeReader {
  double first = 0.0;
  double last = 0.0;
  static double volume(const core::StateOf<AveragedLimb>& y) {
    return y[arterial_volume] + y[deep_venous_volume] + y[superficial_venous_volume] + y[interstitial_volume];
  }
  void begin_segment(std::size_t, const core::Segment<LimbControls<double>>&, const core::StateOf<AveragedLimb>& y) {
    first = volume(y);
  }
  template <class Step>
  void step(const Step&) {}
  void end_segment(double, const core::StateOf<AveragedLimb>& y) { last = volume(y); }
};

/// Where a limb starts on its way to rest.
std::vector<double> state_before_rest(const LimbParameters<double>& p) {
  std::vector<double> y(limb_state_count, 0.0);
  y[arterial_volume] = p.arterial_compliance * (p.resting_arterial_pressure + p.hydrostatic_limb);
  const double filled = 0.5 * (p.venous_curve.unstressed_volume + 0.5 * p.venous_curve.maximum_volume) * p.vein_scale;
  y[deep_venous_volume] = p.deep_share * filled;
  y[superficial_venous_volume] = (1.0 - p.deep_share) * filled;
  y[deep_slow_volume] = p.late_vein_share * y[deep_venous_volume];
  y[superficial_slow_volume] = p.late_vein_share * y[superficial_venous_volume];
  y[active_perfusion] = y[inactive_perfusion] = y[skin_perfusion] = 1.0;
  y[active_tone] = y[inactive_tone] = y[skin_tone] = 1.0;
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    y[fibre_energy + k] = p.muscle.resting_energy;
    y[fibre_ph + k] = p.muscle.resting_ph;
    y[fibre_lactate + k] = p.muscle.resting_lactate;
  }
  y[muscle_oxygen] = p.muscle.resting_oxygen;
  y[capillary_oxygen] = 0.7 * p.muscle.oxygen.haemoglobin;
  y[capillary_lactate] = y[blood_lactate] = p.resting_blood_lactate;
  return y;
}

constexpr std::size_t limbs_remembered = 256;

/// Runs and tests of one limb share its rest, which takes as long as a short run.
Remembered<RestingLimb>& resting_limbs() {
  static Remembered<RestingLimb> known(limbs_remembered);
  return known;
}

/// Whose rest, under which pressure around it, with the last digits of which instruction set.
std::string resting_key(const LimbParameters<double>& parameters, double external_pressure, core::InstructionSet set) {
  return key_of(parameters, external_pressure, set);
}

Remembered<double>& resting_occlusion_pressures() {
  static Remembered<double> known(limbs_remembered);
  return known;
}

} // namespace

Settling::Settling(const LimbParameters<double>& parameters, double pressure, core::InstructionSet instructions)
    : asked(parameters), external_pressure(pressure), set(instructions), settled{parameters, state_before_rest(parameters)},
      options(tight_tolerance()) {
  LimbControls<double> controls;
  controls.external_pressure = external_pressure;
  rest.append(settling_time, controls, "settling");
}

bool Settling::is_of(const LimbParameters<double>& parameters, double pressure) const {
  return external_pressure == pressure && std::memcmp(&asked, &parameters, sizeof parameters) == 0;
}

void Settling::prepare(core::LaneRun<AveragedLimb>& run) const {
  std::copy(settled.state.begin(), settled.state.end(), run.state.begin());
  run.parameters = &settled.parameters;
  run.timeline = &rest;
  run.options = &options;
  run.watcher = nullptr;
}

bool Settling::done(const core::LaneRun<AveragedLimb>& run) {
  if (run.error)
    std::rethrow_exception(run.error);
  if (run.report.outcome != core::Outcome::completed)
    throw std::runtime_error("the limb found no resting state: " + run.report.describe());
  settled.state.assign(run.state.begin(), run.state.end());
  read_references();
  constexpr int all_passes = 2; // the references move a little when they are read off the first
  if (++passes < all_passes)
    return false;
  for (const LimbState counted : {inflow_volume, outflow_volume, lymph_volume})
    settled.state[counted] = 0.0;
  resting_limbs().remember(resting_key(asked, external_pressure, set), settled);
  return true;
}

void Settling::read_references() {
  LimbParameters<double>& p = settled.parameters;
  const std::vector<double>& y = settled.state;
  p.reference_volume =
      y[arterial_volume] + y[deep_venous_volume] + y[superficial_venous_volume] + y[interstitial_volume];
  p.reference_deep_volume = y[deep_venous_volume];
  p.reference_interstitial_volume = y[interstitial_volume];
  p.resting_capillary_oxygen = y[capillary_oxygen];
  p.muscle.resting_oxygen = y[muscle_oxygen];
  double energy = 0.0;
  double lactate = 0.0;
  double phosphocreatine = 0.0;
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    const double share = p.muscle.pool.share[k];
    energy += share * y[fibre_energy + k];
    lactate += share * y[fibre_lactate + k];
    phosphocreatine +=
        share * phosphates(y[fibre_energy + k], y[fibre_ph + k], p.muscle.fibre[k]).phosphocreatine;
  }
  p.muscle.resting_energy = energy;
  p.muscle.resting_lactate = lactate;
  p.resting_phosphocreatine = phosphocreatine;
}

RestingLimb resting_limb(const LimbParameters<double>& parameters, double external_pressure, core::InstructionSet set) {
  if (auto known = known_resting_limb(parameters, external_pressure, set))
    return *std::move(known);
  const LimbPools pools = limb_pools(set);
  Settling settling(parameters, external_pressure, set);
  core::LaneRun<AveragedLimb> run;
  do {
    settling.prepare(run);
    pools.to_rest().add(run);
    pools.to_rest().next();
  } while (!settling.done(run));
  return settling.limb();
}

std::optional<RestingLimb> known_resting_limb(const LimbParameters<double>& parameters, double external_pressure,
                                              core::InstructionSet set) {
  return resting_limbs().find(resting_key(parameters, external_pressure, set));
}

double occlusion_pressure(const LimbParameters<double>& parameters, std::span<const double> state,
                          double detectable_share) {
  const LimbParameters<double>& p = parameters;
  if (!(p.artery_transmission > 0.0))
    return std::numeric_limits<double>::infinity();
  const double conductance = p.active_conductance * state[active_tone] + p.inactive_conductance * state[inactive_tone] +
                             p.skin_conductance * state[skin_tone];
  const double venous =
      venous_pressure((state[deep_venous_volume] - state[deep_slow_volume]) / p.deep_main_scale, p.venous_curve) - p.hydrostatic_limb;
  const double arm_pulse =
      p.systolic_pressure - p.diastolic_pressure + (p.reflexes.systolic_share - p.reflexes.diastolic_share) * state[pressor];
  const double pulse = p.pulse_gain * arm_pulse;
  const double diastolic =
      p.diastolic_pressure + p.reflexes.diastolic_share * state[pressor] + pulse_shape_mean * (arm_pulse - pulse);
  const double systolic = diastolic + pulse;
  const double period = 1.0 / (p.heart_rate + state[heart_rate_rise]);
  const double detectable =
      detectable_share * (p.active_resting_flow + p.inactive_resting_flow + p.skin_resting_flow);
  const CollapseRange<double> arteriole =
      arteriole_range((p.inactive_conductance * state[inactive_tone] + p.skin_conductance * state[skin_tone]) /
                          (p.inactive_conductance + p.skin_conductance),
                      p.arteriole);
  // Inflow above what is detected.
  const auto excess = [&](double gauge_pressure) {
    const double artery_pressure = p.artery_transmission * pressing_pressure(gauge_pressure, p.cuff_pull);
    ArterialPath<double> path{p.artery_conductance, artery_pressure - p.hydrostatic_cuff, p.artery,
                              p.arterial_compliance, conductance, -p.hydrostatic_limb,
                              open_pressure_integral(venous + p.hydrostatic_limb, arteriole),
                              arteriole, 0.0, 0.0, 0.0, p.vessel};
    double head = state[arterial_volume] / p.arterial_compliance - p.hydrostatic_limb;
    double inflow = 0.0;
    for (int beat = 0; beat < run_down_beats; ++beat) {
      const auto means = beat_map<fine_beat_steps>(head, diastolic, pulse, period, path);
      head = means.last_head;
      inflow = means.inflow;
    }
    return inflow - detectable;
  };
  const double open = 0.0;
  const double shut = (systolic + p.hydrostatic_cuff + 2.0 * p.artery.width + 50.0) / p.artery_transmission;
  if (shut <= 0.0)
    return 0.0;
  const double excess_open = excess(open);
  if (excess_open <= 0.0)
    return 0.0;
  const double excess_shut = excess(shut);
  if (excess_shut >= 0.0)
    return shut;
  constexpr double resolution = 1e-7; // mmHg
  const auto close_enough = [](double a, double b) { return b - a < resolution; };
  std::uintmax_t looks = 100;
  const auto [below, above] = boost::math::tools::toms748_solve(excess, open, shut, excess_open, excess_shut, close_enough,
                                                                 looks);
  return 0.5 * (below + above);
}

double resting_occlusion_pressure(const RestingLimb& limb, double detectable_share) {
  std::string key = key_of(limb.parameters, detectable_share);
  key.append(reinterpret_cast<const char*>(limb.state.data()), limb.state.size() * sizeof(double));
  if (const auto known = resting_occlusion_pressures().find(key))
    return *known;
  const double pressure = occlusion_pressure(limb.parameters, limb.state, detectable_share);
  resting_occlusion_pressures().remember(std::move(key), pressure);
  return pressure;
}

OcclusionPressure aop(const Scenario& scenario) {
  if (!scenario.has_cuff) {
    core::Diagnostic problem;
    problem.rule = "missing-key";
    problem.key = "cuff";
    problem.message = "an occlusion pressure needs a cuff, and the scenario has none";
    problem.hint = "extend one of the shipped cuffs, such as cuffs/wide_thigh.toml";
    throw core::InputError({problem});
  }
  const RestingLimb limb = resting_limb(limb_parameters(scenario), scenario.external_pressure_mmHg);
  const LimbParameters<double>& parameters = limb.parameters;
  OcclusionPressure result;
  result.transmission = parameters.artery_transmission;
  result.aop_mmHg = resting_occlusion_pressure(limb, scenario.parameters.value("pulse_detection_share"));
  result.artery_pressure_mmHg = result.transmission * pressing_pressure(result.aop_mmHg, parameters.cuff_pull);
  result.systolic_at_cuff_mmHg =
      parameters.systolic_pressure + parameters.hydrostatic_cuff +
      (1.0 - pulse_shape_mean) * (parameters.pulse_gain - 1.0) * (parameters.systolic_pressure - parameters.diastolic_pressure);
  return result;
}

double plethysmography(const LimbParameters<double>& parameters, std::span<const double> state,
                       const LimbControls<double>& controls, double time) {
  constexpr double collecting_pressure = 50.0;
  constexpr double inflation = 0.5;
  constexpr double reading = 10.0;
  const double present = controls.cuff_pressure_begin + controls.cuff_pressure_rate * (time - controls.segment_begin);
  const double target = std::max(present, collecting_pressure);
  core::Timeline<LimbControls<double>> test(time);
  LimbControls<double> raising = controls;
  raising.segment_begin = time;
  raising.cuff_pressure_begin = present;
  raising.cuff_pressure_rate = (target - present) / inflation;
  test.append(inflation, raising, "collecting cuff on");
  LimbControls<double> holding = raising;
  holding.segment_begin = time + inflation;
  holding.cuff_pressure_begin = target;
  holding.cuff_pressure_rate = 0.0;
  test.append(reading, holding, "reading");

  VolumeReader reader;
  std::vector<double> y(state.begin(), state.end());
  const core::RunReport report = core::integrate<AveragedLimb>(y, test, parameters, tight_tolerance(), reader);
  if (report.outcome != core::Outcome::completed)
    throw std::runtime_error("plethysmography: " + report.describe());
  return (reader.last - reader.first) / reading * 60.0;
}

} // namespace limbflow::models
