// What a device delivers: at rest what it is set to, around it or below it on a working limb.
#include "models/cuff_device.hpp"

#include "models/run.hpp"
#include "models/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace limbflow::models {
namespace {

CuffDeviceResponse<double> device(bool regulated) {
  return {3300.0, 4.4, 0.01, 0.0085, 0.05, {0.0, 20.0}, regulated ? 0.5 : 0.0, 2.0, regulated ? 0.0 : 1.0 / 30.0, 0.33};
}

/// A signal of a run, one value a sample.
std::vector<double> trace(const RunResult& result, const std::string& name) {
  const auto signal = std::find_if(result.signals.begin(), result.signals.end(),
                                   [&](const core::SignalInfo& info) { return info.name == name; });
  const auto begin = result.data.begin() + (signal - result.signals.begin()) * static_cast<std::ptrdiff_t>(result.time.size());
  return {begin, begin + static_cast<std::ptrdiff_t>(result.time.size())};
}

RunResult at_rest(const std::string& kind) {
  return run(with(load_scenario("venous_occlusion_leg"), {{"cuff.device", kind}, {"cuff.during", "all"}, {"cuff.pressure", "100 mmHg"}}));
}

TEST(CuffDevice, DeliversItsCourseWhereNothingBulgesOrLeaks) {
  for (const double course : {0.0, 5.0, 60.0, 300.0})
    EXPECT_DOUBLE_EQ(delivered_pressure(course, 0.0, 0.0, device(true)), course);
  EXPECT_DOUBLE_EQ(cuff_loss_rate(100.0, 100.0, 0.0, device(true)), 0.0);
}

TEST(CuffDevice, PressureRisesWithTheLimbAndMoreSoInAFullCuff) {
  const auto rise = [&](double course, double strain) {
    return delivered_pressure(course, 0.0, strain, device(true)) - course;
  };
  EXPECT_GT(rise(100.0, 0.002), rise(100.0, 0.001));
  EXPECT_GT(rise(200.0, 0.001), rise(100.0, 0.001));
  EXPECT_NEAR(rise(100.0, 0.002), 2.0 * rise(100.0, 0.001), 1e-9);
  EXPECT_NEAR(rise(200.0, 0.002), cuff_tautness(200.0, device(true)) * (3300.0 + 4.4 * 200.0) * 0.002, 1e-12);
  EXPECT_DOUBLE_EQ(rise(0.0, 0.01), 0.0) << "an empty cuff hangs loose";
}

TEST(CuffDevice, ARegulatorWorksAgainstTheDeviationAndLeavesItsDeadBandAlone) {
  const auto rate = [&](double error) { return cuff_loss_rate(100.0, 100.0 + error, 0.0, device(true)); };
  EXPECT_GT(rate(10.0), 0.0);
  EXPECT_DOUBLE_EQ(rate(-10.0), -rate(10.0));
  EXPECT_LT(rate(0.2), 0.02 * 0.5 * 0.2 / 120.0);
  EXPECT_NEAR(rate(50.0), 0.5 * 50.0 / 120.0, 0.01 * 50.0 / 120.0);
}

TEST(CuffDevice, AnUnregulatedCuffCreepsToItsShareAndAnEmptyOneForgets) {
  EXPECT_GT(cuff_loss_rate(100.0, 100.0, 0.0, device(false)), 0.0);
  EXPECT_DOUBLE_EQ(cuff_loss_rate(100.0, 67.0, 0.33, device(false)), 0.0);
  EXPECT_LT(cuff_loss_rate(0.0, 0.0, 0.33, device(false)), -0.33);
}

TEST(CuffDevice, ARegulatedCuffHoldsItsSetPointOnARestingLimbAndAnUnregulatedOneDoesNot) {
  const RunResult kept = at_rest("regulated");
  const std::vector<double> set = trace(kept, "cuff_pressure_set");
  const std::vector<double> delivered = trace(kept, "cuff_pressure");
  const std::vector<double> lost = trace(at_rest("unregulated"), "cuff_pressure");
  std::size_t held = 0;
  double lowest = 100.0;
  for (std::size_t k = 10; k + 10 < set.size(); ++k) {
    if (!std::all_of(set.begin() + static_cast<std::ptrdiff_t>(k) - 10, set.begin() + static_cast<std::ptrdiff_t>(k) + 10,
                     [](double pressure) { return pressure > 99.999; }))
      continue;
    ++held;
    EXPECT_NEAR(delivered[k], 100.0, 1.5);
    lowest = std::min(lowest, lost[k]);
  }
  EXPECT_GT(held, 60u);
  EXPECT_LT(lowest, 80.0);
  EXPECT_GT(lowest, 60.0);
}

TEST(CuffDevice, TheNerveDoseIsTheIntegralOfTheDeliveredPressureAndNeverFalls) {
  const RunResult result = at_rest("unregulated");
  const std::vector<double> pressure = trace(result, "cuff_pressure");
  const std::vector<double> dose = trace(result, "nerve_pressure_dose");
  double sum = 0.0;
  for (std::size_t k = 1; k < dose.size(); ++k) {
    EXPECT_GE(dose[k], dose[k - 1] - 1e-9);
    sum += 0.5 * (pressure[k] + pressure[k - 1]) * (result.time[k] - result.time[k - 1]) / 60.0;
  }
  EXPECT_NEAR(dose.back(), sum, 0.02 * sum);
  EXPECT_GT(dose.back(), 100.0);
}

} // namespace
} // namespace limbflow::models
