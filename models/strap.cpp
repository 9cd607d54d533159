#include "models/strap.hpp"

#include "models/virtual_tests.hpp"

#include <boost/math/distributions/normal.hpp>
#include <boost/math/tools/roots.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>

namespace limbflow::models {

namespace {

constexpr double mmhg_per_n_cm2 = 75.00617;
/// People who rated tightness (Bell 2018), and sites that tension was measured at (Hooke 2021: six limbs, two sites each).
constexpr double people_rated = 120.0;
constexpr double sites_pulled = 12.0;
/// Standard normal deviate of a two-sided interval of 95 %.
constexpr double interval_deviate = 1.959964;

double log_variance(const Spread& spread) { return std::log1p(spread.sd * spread.sd / (spread.mean * spread.mean)); }
double log_mean(const Spread& spread) { return std::log(spread.mean) - 0.5 * log_variance(spread); }

} // namespace

double Spread::quantile(double share) const {
  return std::exp(log_mean(*this) +
                  std::sqrt(log_variance(*this)) * boost::math::quantile(boost::math::normal(), share));
}

double StrapLaw::compression(double pressure) const {
  return compression_limit * pressure / (pressure + compression_half);
}

double StrapLaw::pressure_of_tension(double tension_N) const {
  // p (1 - q(p)) = what Laplace's law gives on the limb as it is: a quadratic in p with one positive root
  const double loose = mmhg_per_n_cm2 * efficiency * tension_N / (width_cm * radius_cm);
  const double a = 1.0 - compression_limit;
  const double b = compression_half - loose;
  return (std::sqrt(b * b + 4.0 * a * loose * compression_half) - b) / (2.0 * a);
}

double StrapLaw::pressure_of_stretch(double strain) const { return pressure_of_tension(stiffness * width_cm * strain); }

double StrapLaw::pressure_of_overlap(double overlap) const {
  const double scale = mmhg_per_n_cm2 * efficiency * stiffness / radius_cm;
  const auto excess = [&](double pressure) {
    return pressure - scale * (1.0 / (1.0 - overlap) - 1.0 / (1.0 - compression(pressure)));
  };
  const double highest = scale * (1.0 / (1.0 - overlap) - 1.0);
  if (!(highest > 0.0))
    return 0.0;
  std::uintmax_t most = 100;
  const auto [low, high] =
      boost::math::tools::toms748_solve(excess, 0.0, highest, boost::math::tools::eps_tolerance<double>(40), most);
  return 0.5 * (low + high);
}

double StrapLaw::overlap_of_pressure(double pressure) const {
  const double scale = mmhg_per_n_cm2 * efficiency * stiffness / radius_cm;
  return 1.0 - 1.0 / (pressure / scale + 1.0 / (1.0 - compression(pressure)));
}

double StrapLaw::stiffness_to_bulge() const { return 0.5 * mmhg_per_n_cm2 * efficiency * stiffness / radius_cm; }

StrapLaw strap_law(const Scenario& scenario) {
  const auto number = [&](const std::string& name) { return scenario.parameters.value(name); };
  StrapLaw law{};
  law.efficiency = number("strap_efficiency");
  law.stiffness = number("strap_stiffness_" + std::string(name_of(scenario.cuff.material)));
  law.compression_limit = number("strap_compression_limit");
  law.compression_half = number("strap_compression_pressure");
  law.width_cm = scenario.cuff.width_cm;
  law.radius_cm = limb_of(scenario).circumference_cm / (2.0 * std::numbers::pi);
  return law;
}

double strap_pressure(const Scenario& scenario) {
  if (!scenario.cuff.pull)
    throw std::logic_error("a strap's pressure was asked for that nothing says");
  const StrapPull& pull = *scenario.cuff.pull;
  const StrapLaw law = strap_law(scenario);
  switch (pull.by) {
  case StrapPull::By::tension: return law.pressure_of_tension(pull.value);
  case StrapPull::By::stretch: return law.pressure_of_stretch(pull.value);
  case StrapPull::By::overlap: return law.pressure_of_overlap(pull.value);
  case StrapPull::By::tightness: break;
  }
  const double tightest = scenario.parameters.value("tightness_pressure_" + std::string(name_of(scenario.limb)));
  constexpr double whole_scale = 10.0;
  return tightest * std::pow(pull.value / whole_scale, scenario.parameters.value("tightness_exponent"));
}

StrapReading read_strap(const Scenario& scenario, OcclusionKnown known) {
  const auto number = [&](const std::string& name) { return scenario.parameters.value(name); };
  StrapReading reading;
  const bool rated = scenario.cuff.pull && scenario.cuff.pull->by == StrapPull::By::tightness;
  const double pressure = strap_pressure(scenario);
  reading.pressure = {pressure, pressure * number(rated ? "tightness_spread" : "strap_efficiency_spread")};
  reading.day_to_day_sd = rated ? pressure * number("tightness_day_spread") : 0.0;

  double occlusion = 0.0;
  switch (known) {
  case OcclusionKnown::of_people:
    occlusion = number("tightness_occlusion_" + std::string(name_of(scenario.limb)));
    break;
  case OcclusionKnown::of_person: occlusion = aop(scenario).aop_mmHg; break;
  case OcclusionKnown::measured: occlusion = scenario.measured_aop_mmHg.value(); break;
  }
  reading.occlusion = {occlusion, occlusion * number(known == OcclusionKnown::measured ? "occlusion_repeat_spread"
                                                                                     : "occlusion_spread")};
  if (!(pressure > 0.0))
    return reading;

  // The logarithm of their ratio is normal; where it is above nothing, the artery is shut.
  const double variance = log_variance(reading.pressure) + log_variance(reading.occlusion);
  const double middle = log_mean(reading.pressure) - log_mean(reading.occlusion);
  reading.share.mean = std::exp(middle + 0.5 * variance);
  reading.share.sd = reading.share.mean * std::sqrt(std::expm1(variance));
  const double deviate = middle / std::sqrt(variance);
  // standard error of a mean over a standard deviation, both from as many observations
  const double error = std::sqrt((1.0 + 0.5 * deviate * deviate) / (rated ? people_rated : sites_pulled));
  const auto below = [](double z) { return boost::math::cdf(boost::math::normal(), z); };
  reading.full_occlusion = below(deviate);
  reading.full_occlusion_low = below(deviate - interval_deviate * error);
  reading.full_occlusion_high = below(deviate + interval_deviate * error);
  return reading;
}

} // namespace limbflow::models
