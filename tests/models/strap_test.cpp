// Straps: laws that have to hold whatever their numbers, what is known of straps, and a strap that is run like a cuff.
#include "models/strap.hpp"

#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace limbflow::models {
namespace {

Scenario strap_on(const std::string& limb, std::map<std::string, std::string> changes) {
  return resting_scenario("adult_man", "strap_" + limb, changes);
}

StrapLaw law(std::map<std::string, std::string> changes = {}) { return strap_law(strap_on("arm", changes)); }

std::string error_of(const std::string& cuff) {
  try {
    parse_scenario("extends = [\"people/adult_man.toml\"]\n[timing]\npassive = \"60 s\"\n[cuff]\nlimb = \"arm\"\nwidth = \"5 cm\"\n" +
                   cuff);
  } catch (const core::InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Strap, FollowsLaplaceOnALimbThatDoesNotYield) {
  StrapLaw rigid = law();
  rigid.compression_limit = 0.0;
  // N/cm2 to mmHg
  EXPECT_NEAR(rigid.pressure_of_tension(100.0), rigid.efficiency * 100.0 / (5.0 * rigid.radius_cm) * 75.00617, 1e-9);
  EXPECT_NEAR(rigid.pressure_of_tension(200.0), 2.0 * rigid.pressure_of_tension(100.0), 1e-9);
  StrapLaw wide = rigid;
  wide.width_cm = 10.0;
  EXPECT_NEAR(wide.pressure_of_tension(100.0), 0.5 * rigid.pressure_of_tension(100.0), 1e-9);
}

TEST(Strap, PressureRisesWithEveryPullAndFallsWithTheLimb) {
  const StrapLaw on_arm = law();
  const StrapLaw on_thick_arm = law({{"person.arm.circumference", "38 cm"}});
  for (double pull = 0.05; pull < 0.6; pull += 0.05) {
    EXPECT_GT(on_arm.pressure_of_tension(500.0 * (pull + 0.05)), on_arm.pressure_of_tension(500.0 * pull));
    EXPECT_GT(on_arm.pressure_of_stretch(pull + 0.05), on_arm.pressure_of_stretch(pull));
    EXPECT_GT(on_arm.pressure_of_overlap(pull + 0.05), on_arm.pressure_of_overlap(pull));
    EXPECT_GT(on_arm.pressure_of_overlap(pull), on_thick_arm.pressure_of_overlap(pull));
    EXPECT_GT(law({{"cuff.material", "stiff"}}).pressure_of_overlap(pull), on_arm.pressure_of_overlap(pull));
    EXPECT_LT(law({{"cuff.material", "soft"}}).pressure_of_overlap(pull), on_arm.pressure_of_overlap(pull));
  }
  EXPECT_DOUBLE_EQ(on_arm.pressure_of_tension(0.0), 0.0);
  EXPECT_DOUBLE_EQ(on_arm.pressure_of_overlap(0.0), 0.0);
}

TEST(Strap, ItsLawsAgreeWithEachOther) {
  const StrapLaw on_arm = law();
  for (const double overlap : {0.1, 0.3, 0.5}) {
    const double pressure = on_arm.pressure_of_overlap(overlap);
    EXPECT_NEAR(on_arm.overlap_of_pressure(pressure), overlap, 1e-9);
    const double strain = (1.0 - on_arm.compression(pressure)) / (1.0 - overlap) - 1.0;
    EXPECT_NEAR(on_arm.pressure_of_stretch(strain), pressure, 1e-6 * pressure);
  }
}

// Radius of the upper limb 16.7 +- 4.2 % less at 300 N (Hooke 2021, Mil Med 186 S1:378).
TEST(Strap, NarrowsTheLimbAsMeasured) {
  const StrapLaw tourniquet = law({{"cuff.width", "3.8 cm"}});
  EXPECT_NEAR(tourniquet.compression(tourniquet.pressure_of_tension(300.0)), 0.167, 0.042);
}

// A limb that grows under a strap of fixed length: against a finite difference of the law of overlap.
TEST(Strap, StiffnessToBulgeIsTheSlopeOfItsLaw) {
  StrapLaw rigid = law();
  rigid.compression_limit = 0.0;
  constexpr double growth = 1e-5; // of the cross-section
  StrapLaw grown = rigid;
  grown.radius_cm *= std::sqrt(1.0 + growth);
  const double overlap = 0.3;
  const double overlap_of_grown = 1.0 - (1.0 - overlap) / std::sqrt(1.0 + growth);
  const double slope = (grown.pressure_of_overlap(overlap_of_grown) - rigid.pressure_of_overlap(overlap)) / growth;
  EXPECT_NEAR(slope, rigid.stiffness_to_bulge(), 1e-3 * slope);
}

TEST(Strap, ATighterRatingIsMorePressureAndMoreOftenFullOcclusion) {
  for (const std::string limb : {"arm", "leg"}) {
    double pressure = -1.0;
    double occluded = -1.0;
    for (int rating = 0; rating <= 10; ++rating) {
      const StrapReading reading =
          read_strap(strap_on(limb, {{"tightness", std::to_string(rating)}}), OcclusionKnown::of_people);
      EXPECT_GT(reading.pressure.mean, pressure);
      EXPECT_GE(reading.full_occlusion, occluded);
      EXPECT_LE(reading.full_occlusion_low, reading.full_occlusion);
      EXPECT_GE(reading.full_occlusion_high, reading.full_occlusion);
      pressure = reading.pressure.mean;
      occluded = reading.full_occlusion;
    }
  }
}

TEST(Strap, FullOcclusionIsHowOftenOneDistributionIsAboveTheOther) {
  const StrapReading reading = read_strap(strap_on("arm", {{"tightness", "7"}}), OcclusionKnown::of_people);
  constexpr int cells = 400;
  int above = 0;
  for (int i = 0; i < cells; ++i)
    for (int k = 0; k < cells; ++k)
      above += reading.pressure.quantile((i + 0.5) / cells) >= reading.occlusion.quantile((k + 0.5) / cells);
  EXPECT_NEAR(reading.full_occlusion, static_cast<double>(above) / (cells * cells), 0.002);
  EXPECT_NEAR(reading.share.quantile(0.5), reading.pressure.quantile(0.5) / reading.occlusion.quantile(0.5), 1e-9);
}

TEST(Strap, AMeasuredOcclusionPressureLeavesLessDoubt) {
  const Scenario known = strap_on("arm", {{"tightness", "7"}, {"occlusion_pressure", "162 mmHg"}});
  const StrapReading measured = read_strap(known, OcclusionKnown::measured);
  const StrapReading of_people = read_strap(known, OcclusionKnown::of_people);
  EXPECT_DOUBLE_EQ(measured.occlusion.mean, 162.0);
  EXPECT_LT(measured.occlusion.sd, of_people.occlusion.sd);
  EXPECT_LT(measured.full_occlusion, of_people.full_occlusion);
}

TEST(Strap, IsRunLikeACuffOfItsPressure) {
  const Scenario session = with(load_scenario("30-15-15-15"), {{"cuff", "strap_leg"}, {"tightness", "5"}, {"sets", "[5]"}});
  EXPECT_DOUBLE_EQ(session.pressure.value, strap_pressure(session));
  EXPECT_FALSE(session.pressure.relative);
  const RunResult result = run(session);
  const auto highest = [&](const char* signal, const char* scope) {
    const auto found = std::find_if(result.summaries.begin(), result.summaries.end(), [&](const RunResult::Summary& one) {
      return one.name == "maximum" && one.signal == signal && one.scope == scope;
    });
    return found->value;
  };
  EXPECT_NEAR(highest("cuff_pressure_set", "set 1"), session.pressure.value, 1e-6);
  EXPECT_NEAR(highest("cuff_pressure", "set 1"), session.pressure.value, 0.1 * session.pressure.value);
}

TEST(Strap, SaysWhatIsWrongWithIt) {
  EXPECT_NE(error_of("overlap = \"30 %\"\n").find("kind = \"strap\""), std::string::npos);
  EXPECT_NE(error_of("kind = \"strap\"\noverlap = \"30 %\"\ntightness = 7\n").find("one of tension"), std::string::npos);
  EXPECT_NE(error_of("kind = \"strap\"\nmaterial = \"nylon\"\ntightness = 7\n").find("stiff"), std::string::npos);
  EXPECT_NE(error_of("kind = \"strap\"\ntightness = 11\n").find("0 to 10"), std::string::npos);
  EXPECT_NE(error_of("kind = \"strap\"\ndevice = \"regulated\"\ntightness = 7\n").find("nothing regulates"), std::string::npos);
  EXPECT_NE(error_of("kind = \"strap\"\n").find("pressure"), std::string::npos);
  EXPECT_NE(error_of("kind = \"strap\"\ntension = \"2000 N\"\n").find("500 mmHg"), std::string::npos);
  EXPECT_EQ(error_of("kind = \"strap\"\ntightness = 7\n"), "");
}

} // namespace
} // namespace limbflow::models
