// The timeline that exercises and cuff settings become.
#include "models/protocol.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace limbflow::models {
namespace {

constexpr double occlusion = 150.0;

double cuff_at(const Protocol& protocol, double t) {
  const auto& segment = protocol.timeline.segment_at(t);
  return segment.controls.cuff_pressure_begin + segment.controls.cuff_pressure_rate * (t - segment.controls.segment_begin);
}

Scenario session(const std::string& during, const std::string& timing = "baseline = \"10 s\"\nrecovery = \"20 s\"") {
  return parse_scenario("title = \"session\"\nextends = [\"people/adult_man.toml\", \"cuffs/wide_thigh.toml\"]\n"
                        "[cuff]\npressure = \"60 %AOP\"\nduring = \"" +
                        during +
                        "\"\ninflation_time = \"2 s\"\ndeflation_time = \"1 s\"\n"
                        "[exercise]\nname = \"knee extension\"\nload = \"20 %1RM\"\nsets = [3, 2]\nrest = \"12 s\"\n"
                        "tempo = { concentric = \"1 s\", eccentric = \"2 s\" }\n[timing]\n" +
                        timing + "\n");
}

TEST(ProtocolTest, CuffThroughoutRampsUpAfterTheBaselineAndDownAfterTheLastSet) {
  const Protocol protocol = build_protocol(session("all"), occlusion);
  EXPECT_DOUBLE_EQ(protocol.timeline.end(), 10.0 + 9.0 + 12.0 + 6.0 + 20.0);
  EXPECT_DOUBLE_EQ(cuff_at(protocol, 9.999), 0.0);
  EXPECT_NEAR(cuff_at(protocol, 11.0), 45.0, 1e-9);
  EXPECT_NEAR(cuff_at(protocol, 12.5), 90.0, 1e-9);
  EXPECT_NEAR(cuff_at(protocol, 36.9), 90.0, 1e-9);
  EXPECT_NEAR(cuff_at(protocol, 37.5), 45.0, 1e-9);
  EXPECT_NEAR(cuff_at(protocol, 40.0), 0.0, 1e-9);
  EXPECT_NEAR(protocol.cuff_on_time, 27.0, 1e-9);
  EXPECT_EQ(protocol.repetitions, (std::vector<int>{3, 2}));
}

TEST(ProtocolTest, CuffInSetsOrRestsOnly) {
  const Protocol sets = build_protocol(session("sets"), occlusion);
  EXPECT_NEAR(cuff_at(sets, 15.0), 90.0, 1e-9);
  EXPECT_NEAR(cuff_at(sets, 25.0), 0.0, 1e-9);
  EXPECT_NEAR(cuff_at(sets, 35.0), 90.0, 1e-9);
  EXPECT_NEAR(sets.cuff_on_time, 15.0, 1e-9);
  const Protocol rests = build_protocol(session("rests"), occlusion);
  EXPECT_NEAR(cuff_at(rests, 15.0), 0.0, 1e-9);
  EXPECT_NEAR(cuff_at(rests, 25.0), 90.0, 1e-9);
  EXPECT_NEAR(cuff_at(rests, 35.0), 0.0, 1e-9);
  EXPECT_NEAR(rests.cuff_on_time, 12.0, 1e-9);
}

TEST(ProtocolTest, RestsAreFoundWhateverTheDigitsOfTheTimes) {
  for (const char* recovery : {"5.7 s", "0.3 s", "17.1 s"}) {
    const Protocol protocol = build_protocol(
        session("rests", std::string("baseline = \"0.1 s\"\npassive = \"0.2 s\"\nrecovery = \"") + recovery + "\""), occlusion);
    EXPECT_NEAR(protocol.cuff_on_time, 12.2, 1e-9) << recovery;
  }
}

TEST(ProtocolTest, AnInterruptedRampGoesOnFromWhereItIs) {
  const Scenario scenario = parse_scenario(
      "title = \"profile\"\nextends = [\"people/adult_man.toml\", \"cuffs/wide_thigh.toml\"]\n[cuff]\n"
      "profile = [{ at = \"0 s\", pressure = \"100 mmHg\" }, { at = \"1 s\", pressure = \"20 mmHg\" }]\n"
      "inflation_time = \"4 s\"\ndeflation_time = \"2 s\"\n[timing]\nbaseline = \"5 s\"\npassive = \"20 s\"\n");
  const Protocol protocol = build_protocol(scenario, occlusion);
  EXPECT_NEAR(cuff_at(protocol, 6.0), 25.0, 1e-9); // a quarter of the way up when it is told to go to 20
  EXPECT_NEAR(cuff_at(protocol, 7.0), 22.5, 1e-9);
  EXPECT_NEAR(cuff_at(protocol, 8.0), 20.0, 1e-9);
}

TEST(ProtocolTest, ALiftMaySlowDownToTheSlowestUnlessItsTempoIsSlower) {
  const Scenario scenario = session("all");
  const auto factors = [&](const std::string& tempo) {
    const Protocol protocol = build_protocol(with(scenario, {{"exercise.tempo.concentric", tempo}}), occlusion);
    std::map<std::string, std::array<double, 2>> by_label;
    for (const auto& activity : protocol.activities)
      by_label[activity.label] = {activity.velocity_factor, activity.slowest_velocity_factor};
    return by_label;
  };
  const double slowest = scenario.parameters.value("slowest_lift");
  const auto quick = factors("1 s"), slow = factors("4 s");
  ASSERT_LT(1.0, slowest);
  ASSERT_LT(slowest, 4.0);
  const auto [at_slowest, no_slower] = factors(std::to_string(slowest) + " s").at("set 1 concentric");
  EXPECT_LT(quick.at("set 1 concentric")[0], at_slowest);
  EXPECT_NEAR(quick.at("set 1 concentric")[1], at_slowest, 1e-6);
  EXPECT_EQ(no_slower, at_slowest);
  EXPECT_EQ(slow.at("set 1 concentric")[1], slow.at("set 1 concentric")[0]);
  EXPECT_GT(slow.at("set 1 concentric")[0], at_slowest);
  EXPECT_EQ(quick.at("set 1 eccentric")[1], quick.at("set 1 eccentric")[0]);
}

TEST(ProtocolTest, WhatBeginsWithACornerOfTheCuffBeginsAtItsOwnTime) {
  // 0.1 s + 0.1 s + 2.2 s is not quite the 2.4 s at which the cuff's profile has a point.
  const Scenario scenario = parse_scenario(
      "title = \"together\"\nextends = [\"people/adult_man.toml\", \"cuffs/wide_thigh.toml\"]\n[cuff]\n"
      "profile = [{ at = \"0 s\", pressure = \"0 mmHg\" }, { at = \"2.3 s\", pressure = \"50 mmHg\" }]\n"
      "[timing]\nbaseline = \"0.1 s\"\npassive = \"0.1 s\"\nrecovery = \"1 s\"\n"
      "[[exercise]]\nname = \"knee extension\"\nload = \"100 %MVC\"\nsets = [1]\nrest_before = \"2.2 s\"\n"
      "tempo = { concentric = \"1 s\", eccentric = \"1 s\" }\n");
  const Protocol protocol = build_protocol(scenario, occlusion);
  for (const auto& activity : protocol.activities)
    EXPECT_TRUE(std::any_of(protocol.timeline.segments().begin(), protocol.timeline.segments().end(),
                            [&](const auto& segment) { return segment.begin == activity.begin; }))
        << activity.label << " at " << activity.begin << " s";
  EXPECT_EQ(run(scenario).report.outcome, core::Outcome::completed);
}

TEST(ProtocolTest, ASetThatFailsIsCutAndTheRestMovesForward) {
  const Scenario scenario = session("all");
  const Protocol whole = build_protocol(scenario, occlusion);
  const Protocol cut = build_protocol(scenario, occlusion, {14.5});
  EXPECT_EQ(cut.repetitions, (std::vector<int>{1, 2}));
  EXPECT_DOUBLE_EQ(cut.timeline.end(), whole.timeline.end() - 4.5);
  for (const auto& activity : cut.activities) {
    if (activity.set == 1) {
      EXPECT_LE(activity.end, 14.5);
    }
  }
  double end_of_first = 0.0; // of its first repetition
  for (const auto& activity : whole.activities)
    if (activity.set == 1 && activity.label == "set 1 eccentric" && end_of_first == 0.0)
      end_of_first = activity.end;
  EXPECT_EQ(build_protocol(scenario, occlusion, {end_of_first}).repetitions, (std::vector<int>{1, 2}))
      << "fails as the second begins: the first is done";
  const Protocol none = build_protocol(scenario, occlusion, {std::numeric_limits<double>::infinity(), 31.0});
  EXPECT_EQ(none.repetitions, (std::vector<int>{3, 0}));
}

} // namespace
} // namespace limbflow::models
