#include "models/virtual_tests.hpp"

#include "core/integrate.hpp"
#include "models/anatomy.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace limbflow::models {

namespace {

/// Time in the posture before anything is measured, s.
constexpr double settling_time = 1500.0;
/// Beats after which the artery beyond a closed cuff has run down.
constexpr int run_down_beats = 12;
/// Steps a beat in the occlusion test, where only the tip of the pulse passes.
constexpr std::size_t fine_beat_steps = 256;

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

} // namespace

std::vector<double> resting_state(const LimbParameters<double>& parameters, double external_pressure) {
  std::vector<double> y(limb_state_count, 0.0);
  y[arterial_volume] =
      parameters.arterial_compliance * (parameters.resting_arterial_pressure + parameters.hydrostatic_limb);
  const double filled = 0.5 * (parameters.vein_unstressed_volume + 0.5 * parameters.vein_maximum_volume) * parameters.vein_scale;
  y[deep_venous_volume] = parameters.deep_share * filled;
  y[superficial_venous_volume] = (1.0 - parameters.deep_share) * filled;
  y[active_perfusion] = y[inactive_perfusion] = y[skin_perfusion] = 1.0;
  y[active_tone] = y[inactive_tone] = y[skin_tone] = 1.0;
  core::Timeline<LimbControls<double>> rest;
  LimbControls<double> controls;
  controls.external_pressure = external_pressure;
  rest.append(settling_time, controls, "settling");
  const core::RunReport report =
      core::integrate<AveragedLimb>(y, rest, parameters, tight_tolerance(), core::NoObserver{});
  if (report.outcome != core::Outcome::completed)
    throw std::runtime_error("the limb found no resting state: " + report.describe());
  y[inflow_volume] = y[outflow_volume] = y[lymph_volume] = 0.0;
  return y;
}

double occlusion_pressure(const LimbParameters<double>& parameters, std::span<const double> state,
                          double detectable_share) {
  const LimbParameters<double>& p = parameters;
  if (!(p.artery_transmission > 0.0))
    return std::numeric_limits<double>::infinity();
  const double conductance = p.active_conductance * state[active_tone] + p.inactive_conductance * state[inactive_tone] +
                             p.skin_conductance * state[skin_tone];
  const double venous =
      venous_pressure(state[deep_venous_volume] / (p.deep_share * p.vein_scale), p.venous_curve()) - p.hydrostatic_limb;
  const double detectable =
      detectable_share * (p.active_resting_flow + p.inactive_resting_flow + p.skin_resting_flow);
  const auto passes = [&](double artery_pressure) {
    ArterialPath<double> path{p.artery_conductance, artery_pressure - p.hydrostatic_cuff, p.artery_range(),
                              p.arterial_compliance, conductance, venous, 0.0, 0.0, 0.0, p.vessel_range()};
    double head = state[arterial_volume] / p.arterial_compliance - p.hydrostatic_limb;
    double inflow = 0.0;
    for (int beat = 0; beat < run_down_beats; ++beat) {
      const auto means = beat_map<fine_beat_steps>(head, p.diastolic_pressure, p.systolic_pressure - p.diastolic_pressure,
                                                   1.0 / p.heart_rate, path);
      head = means.last_head;
      inflow = means.inflow;
    }
    return inflow > detectable;
  };
  double open = 0.0;
  double shut = p.systolic_pressure + p.hydrostatic_cuff + 2.0 * (p.artery_open - p.artery_closed) + 50.0;
  if (shut <= 0.0 || !passes(open))
    return 0.0;
  constexpr double resolution = 0.05;
  while (shut - open > resolution * p.artery_transmission) {
    const double middle = 0.5 * (open + shut);
    (passes(middle) ? open : shut) = middle;
  }
  return 0.5 * (open + shut) / p.artery_transmission;
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
  const LimbParameters<double> parameters = limb_parameters(scenario);
  const std::vector<double> state = resting_state(parameters, scenario.external_pressure_mmHg);
  OcclusionPressure result;
  result.transmission = parameters.artery_transmission;
  result.aop_mmHg = occlusion_pressure(parameters, state, scenario.parameters.value("pulse_detection_share"));
  result.artery_pressure_mmHg = result.aop_mmHg * result.transmission;
  result.systolic_at_cuff_mmHg = parameters.systolic_pressure + parameters.hydrostatic_cuff;
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
