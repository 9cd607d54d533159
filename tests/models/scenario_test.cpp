#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/shipped_files.hpp"
#include "models/sweep_axes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace limbflow::models {
namespace {

namespace fs = std::filesystem;
using core::Diagnostic;
using core::InputError;

std::vector<Diagnostic> problems_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    std::vector<Diagnostic> errors = error.diagnostics();
    std::erase_if(errors, [](const Diagnostic& d) { return d.level != core::Level::error; });
    EXPECT_FALSE(errors.empty());
    return errors;
  }
  return {};
}

std::string text_of(const std::vector<Diagnostic>& problems) {
  std::string out;
  for (const Diagnostic& d : problems)
    out += render(d) + "\n";
  return out;
}

Diagnostic only(const std::vector<Diagnostic>& problems) {
  EXPECT_EQ(problems.size(), 1U) << text_of(problems);
  return problems.empty() ? Diagnostic{} : problems.front();
}

/// Shipped scenarios and a small parameter table of its own in a temporary data directory; own files are written to
/// `directory`.
class Scenarios : public testing::Test {
protected:
  void SetUp() override {
    directory = fs::temp_directory_path() /
                ("limbflow_scenario_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(directory);
    fs::create_directories(directory / "data" / "parameters");
    fs::copy(fs::path(LIMBFLOW_SOURCE_DIR) / "scenarios", directory / "data" / "scenarios",
             fs::copy_options::recursive);
    std::ofstream(directory / "data" / "parameters" / "toy.toml") << R"(
[venous_compliance]
value = "0.05 mL/100mL/mmHg"
range = ["0.02 mL/100mL/mmHg", "0.1 mL/100mL/mmHg"]
source = "a test"
description = "for tests"
[muscle_share]
value = 0.6
range = [0.4, 0.8]
source = "a test"
description = "for tests"
)";
    set_data_directory(directory / "data");
  }
  void TearDown() override {
    set_data_directory("");
    fs::remove_all(directory);
  }

  fs::path write(const std::string& name, const std::string& text) const {
    fs::create_directories((directory / name).parent_path());
    std::ofstream(directory / name, std::ios::binary) << text;
    return directory / name;
  }

  /// Problems of a file that is the shipped 30-15-15-15 plus some text.
  std::vector<Diagnostic> problems_with(const std::string& text) const {
    const fs::path file = write("own.toml", "extends = \"protocols/30-15-15-15.toml\"\n" + text);
    return problems_of([&] { load_scenario(file); });
  }

  std::vector<Diagnostic> problems_changing(const std::map<std::string, std::string>& changes) const {
    const Scenario scenario = load_scenario("30-15-15-15");
    return problems_of([&] { with(scenario, changes); });
  }

  fs::path directory;
};

// ------------------------------------------------------------------ what is read

TEST_F(Scenarios, TheThirtyFifteenProtocolIsReadAsWritten) {
  const Scenario s = load_scenario("30-15-15-15");
  EXPECT_EQ(s.title, "30-15-15-15 under a thigh cuff");
  EXPECT_EQ(s.files.size(), 3U);
  EXPECT_EQ(s.person.name, "adult man");
  EXPECT_EQ(s.person.sex, Sex::man);
  EXPECT_EQ(s.person.age_yr, 24);
  EXPECT_EQ(s.person.height_cm, 178);
  EXPECT_EQ(s.person.mass_kg, 75);
  EXPECT_EQ(s.person.systolic_pressure, 120);
  EXPECT_EQ(s.person.diastolic_pressure, 75);
  EXPECT_EQ(s.person.heart_rate, 65.0 / 60);
  EXPECT_EQ(s.person.arm.circumference_cm, 30);
  EXPECT_EQ(s.person.leg.circumference_cm, 55);
  EXPECT_EQ(s.person.leg.distal_volume_mL, 10000);
  EXPECT_EQ(s.limb, LimbKind::leg);
  EXPECT_EQ(&limb_of(s), &s.person.leg);
  EXPECT_TRUE(s.has_cuff);
  EXPECT_EQ(s.cuff.width_cm, 13.5);
  EXPECT_EQ(s.cuff.material, CuffMaterial::nylon);
  EXPECT_EQ(s.cuff.device, CuffDevice::regulated);
  EXPECT_GT(s.cuff.inflation_time_s, 0);
  EXPECT_TRUE(s.pressure.relative);
  EXPECT_EQ(s.pressure.value, 0.6);
  EXPECT_EQ(s.during, CuffDuring::all);
  EXPECT_FALSE(s.measured_aop_mmHg);
  EXPECT_EQ(s.posture, Posture::seated);
  EXPECT_EQ(s.limb_raised_cm, 0);
  ASSERT_EQ(s.exercises.size(), 1U);
  const Exercise& e = s.exercises.front();
  EXPECT_EQ(e.name, "knee extension");
  EXPECT_EQ(e.load, 0.2);
  EXPECT_FALSE(e.load_of_mvc);
  EXPECT_EQ(e.sets, (std::vector<int>{30, 15, 15, 15}));
  EXPECT_EQ(e.concentric_s, 1.5);
  EXPECT_EQ(e.eccentric_s, 1.5);
  EXPECT_EQ(e.pause_s, 0);
  EXPECT_EQ(e.rest_s, 30);
  EXPECT_EQ(e.hold_s, 0);
  EXPECT_EQ(s.baseline_s, 60);
  EXPECT_EQ(s.passive_s, 0);
  EXPECT_EQ(s.recovery_s, 120);
  EXPECT_EQ(duration_of(s), 60 + 75 * 3 + 3 * 30 + 120);
  EXPECT_EQ(s.fidelity, Fidelity::averaged);
  EXPECT_EQ(s.relative_tolerance, 1e-6);
  EXPECT_EQ(s.sample_interval_s, 1);
  EXPECT_EQ(s.parameters.size(), 2U);
  EXPECT_TRUE(s.warnings.empty());
}

TEST_F(Scenarios, ShippedNamesAndPathsMeanTheSameFile) {
  const std::string text = load_scenario("30-15-15-15").text;
  EXPECT_EQ(load_scenario("30-15-15-15.toml").text, text);
  EXPECT_EQ(load_scenario("protocols/30-15-15-15").text, text);
  EXPECT_EQ(load_scenario(directory / "data" / "scenarios" / "protocols" / "30-15-15-15.toml").text, text);
}

TEST_F(Scenarios, EverythingShippedLoadsWithoutWarningAndAgainFromItsText) {
  EXPECT_EQ(shipped("people"), (std::vector<std::string>{"adult_man", "adult_woman", "older_man", "older_woman"}));
  EXPECT_EQ(shipped("cuffs"), (std::vector<std::string>{"elastic_arm", "medium_arm", "medium_thigh", "narrow_arm",
                                                        "narrow_thigh", "strap_arm", "strap_leg", "very_wide_thigh",
                                                        "wide_arm", "wide_thigh"}));
  EXPECT_EQ(shipped("protocols").size(), 9U);
  for (const std::string& name : shipped("protocols")) {
    const Scenario s = load_scenario(name);
    EXPECT_TRUE(s.warnings.empty()) << name << "\n" << text_of(s.warnings);
    EXPECT_EQ(s.text.find("extends"), std::string::npos);
    const Scenario again = parse_scenario(s.text, "a result");
    EXPECT_EQ(again.text, s.text) << name;
    EXPECT_EQ(again.title, s.title);
    EXPECT_EQ(again.pressure.value, s.pressure.value);
    EXPECT_EQ(again.profile.size(), s.profile.size());
    EXPECT_EQ(again.exercises.size(), s.exercises.size());
    EXPECT_EQ(duration_of(again), duration_of(s));
  }
  for (const std::string& name : shipped("sweeps"))
    EXPECT_FALSE(load_sweep(name).axes.empty()) << name;
}

TEST_F(Scenarios, EveryPersonFitsEveryCuffAndEveryProtocol) {
  for (const std::string& person : shipped("people")) {
    for (const std::string& cuff : shipped("cuffs"))
      EXPECT_NO_THROW(resting_scenario(person, cuff)) << person << " " << cuff;
    for (const std::string& protocol : shipped("protocols"))
      EXPECT_NO_THROW(with(load_scenario(protocol), {{"person", person}})) << person << " " << protocol;
  }
}

TEST_F(Scenarios, TheShippedParameterTablesServeTheShippedScenarios) {
  set_data_directory(LIMBFLOW_SOURCE_DIR);
  for (const std::string& name : shipped("protocols"))
    EXPECT_GT(load_scenario(name).parameters.size(), 10U) << name;
}

TEST_F(Scenarios, APressureLadderIsAProfile) {
  const Scenario s = load_scenario("pressure_ladder_arm");
  EXPECT_EQ(s.limb, LimbKind::arm);
  EXPECT_EQ(s.during, CuffDuring::profile);
  ASSERT_EQ(s.profile.size(), 11U);
  for (std::size_t i = 0; i < s.profile.size(); ++i) {
    EXPECT_EQ(s.profile[i].time_s, 60.0 * static_cast<double>(i));
    EXPECT_TRUE(s.profile[i].pressure.relative);
    EXPECT_EQ(s.profile[i].pressure.value, static_cast<double>(i) / 10);
  }
  EXPECT_EQ(s.passive_s, 660);
}

TEST_F(Scenarios, ASessionHasSeveralExercisesAndHolds) {
  const Scenario s = load_scenario(write("session.toml", R"(
extends = ["people/adult_woman", "cuffs/narrow_thigh"]
limb_raised = "10 cm"
[cuff]
pressure = "0.11 AOP"
occlusion_pressure = "171 mmHg"
[[exercise]]
load = "30 %MVC"
hold = "20 s"
tempo = { pause = "10 s" }
[[exercise]]
name = "squat"
load = "20 %1RM"
sets = 12
tempo = { concentric = "1 s", eccentric = "2 s", pause = "1 s" }
rest_before = "1 min"
[environment]
external_pressure = "2 kPa"
[[measure]]
kind = "pulse"
at = "5 s"
[simulation]
fidelity = "pulsatile"
tolerance = 1e-8
sample_interval = "100 ms"
[parameters]
muscle_share = "50 %"
venous_compliance = "0.06 mL/100mL/mmHg"
)"));
  EXPECT_EQ(s.title, "session");
  ASSERT_EQ(s.exercises.size(), 2U);
  EXPECT_TRUE(s.exercises[0].load_of_mvc);
  EXPECT_EQ(s.exercises[0].hold_s, 20);
  EXPECT_EQ(s.exercises[0].pause_s, 10);
  EXPECT_EQ(s.exercises[0].sets, std::vector<int>{1});
  EXPECT_EQ(s.exercises[1].sets, std::vector<int>{12});
  EXPECT_EQ(s.exercises[1].rest_before_s, 60);
  EXPECT_EQ(duration_of(s), 30 + 60 + 12 * 4);
  EXPECT_EQ(s.limb_raised_cm, 10);
  EXPECT_EQ(s.pressure.value, 0.11);
  EXPECT_EQ(s.measured_aop_mmHg, 171);
  EXPECT_NEAR(s.external_pressure_mmHg, 15.0, 0.01);
  ASSERT_EQ(s.measurements.size(), 1U);
  EXPECT_EQ(s.measurements[0].kind, "pulse");
  EXPECT_EQ(s.measurements[0].time_s, 5);
  EXPECT_EQ(s.fidelity, Fidelity::pulsatile);
  EXPECT_EQ(s.relative_tolerance, 1e-8);
  EXPECT_EQ(s.sample_interval_s, 0.1);
  EXPECT_EQ(s.parameters.value("muscle_share"), 0.5);
  EXPECT_EQ(s.parameters.value("venous_compliance"), 0.06 / 100);
  const Scenario again = parse_scenario(s.text);
  EXPECT_EQ(again.text, s.text);
  EXPECT_EQ(again.parameters.value("muscle_share"), 0.5);
}

TEST_F(Scenarios, AScenarioWithoutCuffNamesItsLimb) {
  const std::string rest = "extends = \"people/adult_man\"\n[timing]\npassive = \"1 min\"\n";
  const Scenario s = load_scenario(write("free.toml", "limb = \"arm\"\n" + rest));
  EXPECT_FALSE(s.has_cuff);
  EXPECT_EQ(s.limb, LimbKind::arm);
  EXPECT_EQ(s.during, CuffDuring::never);
  const Diagnostic d = only(problems_of([&] { load_scenario(write("no_limb.toml", rest)); }));
  EXPECT_EQ(d.key, "limb");
  EXPECT_EQ(d.accepted, "arm, leg");
}

TEST_F(Scenarios, OnlyTheLimbThatIsUsedMustBeDescribed) {
  const auto text = [](const std::string& limb) {
    return "[person]\nsex = \"woman\"\nage = \"30 yr\"\nheight = \"1.7 m\"\nmass = \"65 kg\"\nsystolic_pressure = \"16 "
           "kPa\"\n"
           "diastolic_pressure = \"70 mmHg\"\nheart_rate = \"1.1 Hz\"\n"
           "arm = { circumference = \"28 cm\", length = \"31 cm\", adipose_thickness = \"8 mm\", distal_volume = \"1.6 "
           "L\" }\n"
           "[cuff]\nlimb = \"" +
           limb + "\"\nwidth = \"5 cm\"\npressure = \"80 mmHg\"\n[timing]\npassive = \"60 s\"\n";
  };
  const Scenario s = parse_scenario(text("arm"));
  EXPECT_EQ(s.person.arm.distal_volume_mL, 1600);
  EXPECT_EQ(s.person.leg.distal_volume_mL, 0);
  EXPECT_EQ(only(problems_of([&] { parse_scenario(text("leg")); })).key, "person.leg");
}

// ------------------------------------------------------------------ bad input

TEST_F(Scenarios, AMisspeltKeyNamesTheNearest) {
  const Diagnostic d = only(problems_with("[cuff]\npresure = \"70 %AOP\"\n"));
  EXPECT_EQ(d.rule, "unknown-key");
  EXPECT_EQ(d.file, (directory / "own.toml").string());
  EXPECT_EQ(d.line, 3);
  EXPECT_EQ(d.column, 1);
  EXPECT_EQ(d.key, "cuff.presure");
  EXPECT_EQ(d.value, "\"70 %AOP\"");
  EXPECT_EQ(d.nearest, "pressure");
  EXPECT_NE(d.accepted.find("width"), std::string::npos);
  EXPECT_NE(render(d).find(":3:1: error: cuff.presure: is not a known key\n  3 | presure = \"70 %AOP\"\n    | ^\n"),
            std::string::npos)
      << render(d);
}

TEST_F(Scenarios, AKeyInTheWrongTableNamesTheRightOne) {
  const Diagnostic d = only(problems_with("rest_before = \"3 s\"\n"));
  EXPECT_EQ(d.key, "rest_before");
  EXPECT_EQ(d.hint, "there is exercise.rest_before");
}

TEST_F(Scenarios, AMissingUnitNamesTheUnits) {
  const Diagnostic d = only(problems_with("[exercise]\nrest = 30\n"));
  EXPECT_EQ(d.rule, "missing-unit");
  EXPECT_EQ(d.line, 3);
  EXPECT_EQ(d.column, 8);
  EXPECT_EQ(d.key, "exercise.rest");
  EXPECT_EQ(d.value, "30");
  EXPECT_EQ(d.accepted, "0 s to 3600 s (in s, ms, min, h)");
  EXPECT_EQ(d.hint, "a quantity is written with its unit, in quotes: \"30 s\"");
}

TEST_F(Scenarios, AForgottenQuoteIsExplained) {
  const Diagnostic d = only(problems_with("[exercise]\nrest = 30 s\n"));
  EXPECT_EQ(d.rule, "syntax");
  EXPECT_EQ(d.line, 3);
  EXPECT_EQ(d.hint, "a quantity stands in quotes: rest = \"30 s\"");
}

TEST_F(Scenarios, AWrongUnitSaysWhatItMeasures) {
  const Diagnostic d = only(problems_with("[cuff]\npressure = \"60 kg\"\n"));
  EXPECT_EQ(d.rule, "wrong-unit");
  EXPECT_EQ(d.key, "cuff.pressure");
  EXPECT_EQ(d.message, "'kg' is a unit of mass, not of fraction of occlusion pressure or pressure");
  EXPECT_EQ(d.accepted, "0 %AOP to 200 %AOP (in AOP, %AOP), or 0 mmHg to 500 mmHg (in mmHg, kPa, Pa, cmH2O)");
  EXPECT_EQ(only(problems_with("[cuff]\npressure = \"60 %\"\n")).nearest, "%AOP");
}

TEST_F(Scenarios, AStepperThatIsNotThereIsNamedWithThoseThatAre) {
  const Diagnostic d = only(problems_with("[simulation]\nstepper = \"rodas5\"\n"));
  EXPECT_EQ(d.key, "simulation.stepper");
  EXPECT_EQ(d.nearest, "rodas5p");
  for (const char* name : {"automatic", "dopri5", "dop853", "rodas5p"}) {
    EXPECT_NE(d.accepted.find(name), std::string::npos) << d.accepted;
    EXPECT_EQ(name_of(with(load_scenario("30-15-15-15"), {{"simulation.stepper", name}}).stepper), name);
  }
}

TEST_F(Scenarios, ANegativeWidthIsOutOfRange) {
  const Diagnostic d = only(problems_with("[cuff]\nwidth = \"-5 cm\"\n"));
  EXPECT_EQ(d.rule, "out-of-range");
  EXPECT_EQ(d.key, "cuff.width");
  EXPECT_EQ(d.line, 3);
  EXPECT_EQ(d.message, "-5 cm is out of range");
  EXPECT_EQ(d.accepted, "above 0 cm and up to 100 cm");
}

TEST_F(Scenarios, ACuffWiderThanTheLimbIsLongDoesNotFit) {
  const Diagnostic d = only(problems_with("[cuff]\nwidth = \"60 cm\"\n"));
  EXPECT_EQ(d.rule, "conflict");
  EXPECT_EQ(d.key, "cuff.width");
  EXPECT_EQ(d.line, 3);
  EXPECT_EQ(d.message, "a cuff 60 cm wide does not fit: the thigh is 43.5 cm long");
  EXPECT_EQ(d.accepted, "at most 43.5 cm");
}

TEST_F(Scenarios, NineHundredMillimetresAreTooMuch) {
  const Diagnostic d = only(problems_with("[cuff]\npressure = \"900 mmHg\"\n"));
  EXPECT_EQ(d.rule, "out-of-range");
  EXPECT_EQ(d.message, "900 mmHg is out of range");
  EXPECT_EQ(d.accepted, "0 mmHg to 500 mmHg");
  EXPECT_EQ(only(problems_with("[cuff]\npressure = \"201 %AOP\"\n")).accepted, "0 %AOP to 200 %AOP");
  EXPECT_TRUE(problems_with("[cuff]\npressure = \"500 mmHg\"\n").empty());
}

TEST_F(Scenarios, ARestOfMinusFiveSecondsIsOutOfRange) {
  const Diagnostic d = only(problems_with("[exercise]\nrest = \"-5 s\"\n"));
  EXPECT_EQ(d.key, "exercise.rest");
  EXPECT_EQ(d.message, "-5 s is out of range");
  EXPECT_EQ(d.accepted, "0 s to 3600 s");
}

TEST_F(Scenarios, WhatIsNoTextFileIsNamed) {
  const auto rule = [&](const fs::path& path) { return only(problems_of([&] { load_scenario(path); })).rule; };
  EXPECT_EQ(rule(write("empty.toml", "")), "empty-file");
  EXPECT_EQ(rule(directory), "directory");
  EXPECT_EQ(rule(write("binary.toml", std::string("\x89PNG\r\n\x1a\n\0\0", 10))), "binary-file");
  EXPECT_EQ(rule("/dev/null"), "unreadable");
  const Diagnostic absent = only(problems_of([&] { load_scenario("30-15-15-51"); }));
  EXPECT_EQ(absent.rule, "no-such-file");
  EXPECT_EQ(absent.nearest, "30-15-15-15");
  EXPECT_EQ(only(problems_of([&] { load_scenario(""); })).rule, "no-such-file");
}

TEST_F(Scenarios, EveryProblemOfAllFilesComesAtOnceAtItsOwnPlace) {
  write("person.toml",
        "[person]\nsex = \"man\"\nage = \"240 yr\"\nheigth = \"178 cm\"\nmass = 75\nsystolic_pressure = \"70 mmHg\"\n"
        "diastolic_pressure = \"80 mmHg\"\nheart_rate = \"65 bpm\"\n"
        "[person.leg]\ncircumference = \"55 cm\"\nlength = \"40 cm\"\nadipose_thickness = \"7 cm\"\ndistal_volume = "
        "\"10 L\"\n");
  const fs::path file = write("all.toml", "extends = [\"person.toml\", \"cuffs/wide_thig\"]\n"
                                          "posture = \"lying\"\n"
                                          "[cuff]\nlimb = \"leg\"\nwidth = \"-5 cm\"\npresure = \"60 %AOP\"\n"
                                          "[exercise]\nload = \"20 %\"\nsets = [30, 0]\nrest = 30 s\n"
                                          "[[measure]]\nkind = \"refill\"\nat = \"1 yr\"\n"
                                          "[parameters]\nmuscle_share = 2\nvenous_complience = 1\n");
  const auto problems = problems_of([&] { load_scenario(file); });
  std::set<std::string> keys;
  for (const Diagnostic& d : problems) {
    keys.insert(d.file.substr(d.file.rfind('/') + 1) + ":" + std::to_string(d.line) + " " + d.key);
    EXPECT_FALSE(d.source_line.empty()) << render(d);
  }
  EXPECT_EQ(keys, (std::set<std::string>{
                      "all.toml:1 extends", "all.toml:2 posture", "all.toml:5 cuff.width", "all.toml:6 cuff.presure",
                      "all.toml:8 exercise.load", "all.toml:9 exercise.sets", "all.toml:10 rest",
                      "all.toml:12 measure[1].kind", "all.toml:13 measure[1].at", "all.toml:15 parameters.muscle_share",
                      "all.toml:16 parameters.venous_complience", "person.toml:3 person.age",
                      "person.toml:4 person.heigth", "person.toml:5 person.mass",
                      "person.toml:6 person.systolic_pressure", "person.toml:12 person.leg.adipose_thickness"}))
      << text_of(problems);
}

TEST_F(Scenarios, MissingKeysAreListedWithTheirTable) {
  const auto problems =
      problems_of([&] { parse_scenario("[cuff]\nwidth = \"5 cm\"\n[exercise]\nload = \"20 %1RM\"\n", "x.toml"); });
  std::set<std::string> keys;
  for (const Diagnostic& d : problems) {
    EXPECT_EQ(d.rule, "missing-key");
    EXPECT_FALSE(d.accepted.empty()) << d.key;
    keys.insert(d.key);
  }
  EXPECT_EQ(keys, (std::set<std::string>{"cuff.limb", "cuff.pressure", "exercise.sets", "exercise.tempo", "person"}));
}

TEST_F(Scenarios, APersonMustBePlausible) {
  for (const std::string bad :
       {"age = \"9 yr\"", "age = \"24 s\"", "height = \"178 mm\"", "mass = \"500 kg\"", "heart_rate = \"10 bpm\"",
        "systolic_pressure = \"75 mmHg\"", "diastolic_pressure = \"120 mmHg\"", "sex = \"male\"",
        "leg.circumference = \"5 cm\"", "leg.length = \"2 m\"", "leg.distal_volume = \"10 mL\"",
        "leg.adipose_thickness = \"6 cm\""})
    EXPECT_EQ(problems_with("[person]\n" + bad + "\n").size(), 1U) << bad;
}

TEST_F(Scenarios, ProtocolsMustFitTogether) {
  const auto message = [&](const std::string& text) { return only(problems_with(text)).message; };
  EXPECT_EQ(message("limb = \"arm\"\n"), "is the arm, but the cuff 'wide thigh cuff' is for the leg");
  EXPECT_EQ(
      message(
          "[cuff]\nprofile = [{ at = \"0 s\", pressure = \"10 %AOP\" }]\nduring = \"profile\"\n[exercise]\nsets = []\n")
          .substr(0, 2),
      "[]");
  EXPECT_EQ(message("[cuff]\nduring = \"profile\"\n"), "is missing");
  EXPECT_EQ(message("[cuff]\nduring = \"profile\"\nprofile = [{ at = \"9 s\", pressure = \"0 mmHg\" }, { at = \"9 s\", "
                    "pressure = \"1 mmHg\" }]\n"),
            "is not later than the point before it");
  EXPECT_EQ(message("[[measure]]\nkind = \"aop\"\nat = \"496 s\"\n"), "496 s is after the end of the run");
  const auto hold = problems_with("[exercise]\nhold = \"5 s\"\n"); // the tempo of 30-15-15-15 is still there
  ASSERT_EQ(hold.size(), 2U);
  EXPECT_EQ(hold[0].message, "has no meaning in a hold");
}

TEST_F(Scenarios, PressureAndProfileTogetherNeedASay) {
  const Scenario ladder = load_scenario("pressure_ladder_leg");
  EXPECT_TRUE(problems_of([&] { with(ladder, {{"cuff.during", "all"}, {"cuff.pressure", "50 %AOP"}}); }).empty());
  const fs::path file =
      write("both.toml",
            "extends = \"protocols/30-15-15-15\"\n[cuff]\nprofile = [{ at = \"0 s\", pressure = \"10 %AOP\" }]\n");
  EXPECT_TRUE(problems_of([&] { load_scenario(file); }).empty()); // 30-15-15-15 says during = "all"
  EXPECT_EQ(load_scenario(file).warnings.size(), 1U);
  EXPECT_EQ(with(ladder, {{"cuff.pressure", "50 %AOP"}}).warnings.size(), 1U); // the ladder says during = "profile"
  const Diagnostic d = only(problems_of([&] {
    parse_scenario("extends = [\"people/adult_man\", \"cuffs/wide_thigh\"]\n[timing]\npassive = \"9 s\"\n"
                   "[cuff]\npressure = \"9 mmHg\"\nprofile = [{ at = \"0 s\", pressure = \"10 %AOP\" }]\n");
  }));
  EXPECT_EQ(d.rule, "conflict");
  EXPECT_EQ(d.key, "cuff.profile");
}

TEST_F(Scenarios, AProfileThatReachesIntoRecoveryIsRemarkedOn) {
  const Scenario s = with(load_scenario("pressure_ladder_leg"), {{"passive", "600 s"}});
  ASSERT_EQ(s.warnings.size(), 1U);
  EXPECT_EQ(s.warnings[0].key, "cuff.profile");
  EXPECT_EQ(s.warnings[0].hint, "the cuff is off in recovery");
}

TEST_F(Scenarios, AMeasuredOcclusionPressureBoundsTheRelativeOne) {
  const Diagnostic d = only(problems_with("[cuff]\npressure = \"180 %AOP\"\nocclusion_pressure = \"300 mmHg\"\n"));
  EXPECT_EQ(d.key, "cuff.pressure");
  EXPECT_EQ(d.message, "180 %AOP of 300 mmHg is 540 mmHg");
  EXPECT_TRUE(problems_with("[cuff]\npressure = \"160 %AOP\"\nocclusion_pressure = \"300 mmHg\"\n").empty());
  EXPECT_TRUE(problems_with("[cuff]\nocclusion_pressure = \"emergent\"\n").empty());
  EXPECT_FALSE(problems_with("[cuff]\nocclusion_pressure = \"unknown\"\n").empty());
}

TEST_F(Scenarios, NothingCanExplode) {
  std::string many_sets = "1";
  for (int i = 0; i < 100; ++i)
    many_sets += ", 1";
  for (const std::string& bad :
       {std::string("[exercise]\nsets = [1000000]\n"), "[exercise]\nsets = [" + many_sets + "]\n",
        std::string("[exercise]\nrest = \"2 h\"\n"), std::string("[exercise]\ntempo.concentric = \"1 ms\"\n"),
        std::string("[timing]\npassive = \"100 h\"\n"), std::string("[simulation]\nsample_interval = \"1e-9 s\"\n"),
        std::string("[simulation]\ntolerance = 1e-16\n"), std::string("[simulation]\ntolerance = 0.1\n"),
        std::string("[simulation]\ntolerance = nan\n"), std::string("[simulation]\nfidelity = \"pulsatle\"\n"),
        std::string("[environment]\nexternal_pressure = \"1e9 mmHg\"\n"), std::string("limb_raised = \"9 m\"\n"),
        std::string("[timing]\npassive = \"4 h\"\n[simulation]\nsample_interval = \"1 ms\"\n")})
    EXPECT_EQ(problems_with(bad).size(), 1U) << bad << text_of(problems_with(bad));

  std::string session = "extends = [\"people/adult_man\", \"cuffs/wide_thigh\"]\n[cuff]\npressure = \"9 mmHg\"\n";
  for (int i = 0; i < 12; ++i)
    session +=
        "[[exercise]]\nload = \"20 %1RM\"\nsets = [1000]\ntempo = { concentric = \"1 s\", eccentric = \"1 s\" }\n";
  EXPECT_EQ(only(problems_of([&] { parse_scenario(session); })).message,
            "11000 repetitions in one session are too many");
  std::string long_session = "extends = [\"people/adult_man\", \"cuffs/wide_thigh\"]\n[cuff]\npressure = \"9 "
                             "mmHg\"\n[timing]\nbaseline = \"1 s\"\n";
  for (int i = 0; i < 20; ++i)
    long_session += "[[exercise]]\nload = \"20 %1RM\"\nhold = \"1 h\"\n";
  EXPECT_EQ(only(problems_of([&] { parse_scenario(long_session); })).key, "timing");
}

TEST_F(Scenarios, ExtendingInACircleIsReported) {
  write("a.toml", "extends = \"b.toml\"\n");
  write("b.toml", "title = \"b\"\nextends = [\"sub/c.toml\"]\n");
  write("sub/c.toml", "\nextends = \"../a.toml\"\n");
  const Diagnostic d = only(problems_of([&] { load_scenario(directory / "a.toml"); }));
  EXPECT_EQ(d.rule, "cycle");
  EXPECT_EQ(d.file, (directory / "sub/c.toml").string());
  EXPECT_EQ(d.line, 2);
  EXPECT_EQ(d.hint, "a.toml -> b.toml -> c.toml -> a.toml");
}

TEST_F(Scenarios, ABaseThatIsNotThereIsReportedWithTheNearest) {
  const Diagnostic d =
      only(problems_of([&] { load_scenario(write("own.toml", "extends = [\"people/adult_mann.toml\"]\n")); }));
  EXPECT_EQ(d.rule, "no-such-file");
  EXPECT_EQ(d.key, "extends");
  EXPECT_EQ(d.line, 1);
  EXPECT_EQ(d.nearest, "people/adult_man.toml");
}

TEST_F(Scenarios, ExtendingWithoutEndIsCutOff) {
  for (int i = 0; i < 12; ++i) {
    const std::string next = "\"d" + std::to_string(i + 1) + ".toml\"";
    write("d" + std::to_string(i) + ".toml", "extends = [" + next + ", " + next + "]\n");
  }
  write("d12.toml", "title = \"deep\"\n");
  const auto problems = problems_of([&] { load_scenario(directory / "d0.toml"); });
  EXPECT_TRUE(std::ranges::any_of(problems, [](const Diagnostic& d) { return d.rule == "too-many-files"; }));
}

TEST_F(Scenarios, LaterFilesWinKeyByKey) {
  write("base.toml", "extends = \"protocols/30-15-15-15\"\n[exercise]\nrest = \"45 s\"\nsets = [5]\n");
  const Scenario s = load_scenario(write("top.toml", "extends = \"base.toml\"\n[exercise]\nsets = [7, 7]\n"));
  EXPECT_EQ(s.exercises[0].rest_s, 45);
  EXPECT_EQ(s.exercises[0].sets, (std::vector<int>{7, 7}));
  EXPECT_EQ(s.exercises[0].load, 0.2);
  EXPECT_EQ(s.files.size(), 5U);
}

// ------------------------------------------------------------------ with

TEST_F(Scenarios, WithChangesWhatItNames) {
  const Scenario s = load_scenario("30-15-15-15");
  const Scenario changed = with(s, {{"cuff_pressure", "80 mmHg"},
                                    {"load", "30 %1RM"},
                                    {"rest", "1 min"},
                                    {"sets", "[10, 10]"},
                                    {"exercise.tempo.pause", "1 s"},
                                    {"posture", "standing"},
                                    {"tolerance", "1e-8"},
                                    {"age", "70 yr"},
                                    {"person.leg.circumference", "60 cm"},
                                    {"cuff.width", "5 cm"},
                                    {"title", "another"},
                                    {"muscle_share", "0.5"},
                                    {"parameters.venous_compliance", "0.03 mL/100mL/mmHg"},
                                    {"cuff.profile", "[{ at = \"0 s\", pressure = \"10 %AOP\" }]"}});
  EXPECT_FALSE(changed.pressure.relative);
  EXPECT_EQ(changed.pressure.value, 80);
  EXPECT_EQ(changed.exercises[0].load, 0.3);
  EXPECT_EQ(changed.exercises[0].rest_s, 60);
  EXPECT_EQ(changed.exercises[0].sets, (std::vector<int>{10, 10}));
  EXPECT_EQ(changed.exercises[0].pause_s, 1);
  EXPECT_EQ(changed.exercises[0].concentric_s, 1.5);
  EXPECT_EQ(changed.posture, Posture::standing);
  EXPECT_EQ(changed.relative_tolerance, 1e-8);
  EXPECT_EQ(changed.person.age_yr, 70);
  EXPECT_EQ(changed.person.leg.circumference_cm, 60);
  EXPECT_EQ(changed.cuff.width_cm, 5);
  EXPECT_EQ(changed.title, "another");
  EXPECT_EQ(changed.parameters.value("muscle_share"), 0.5);
  EXPECT_EQ(changed.parameters.value("venous_compliance"), 0.03 / 100);
  EXPECT_EQ(changed.profile.size(), 1U);
  EXPECT_EQ(s.pressure.value, 0.6); // the original stays
  EXPECT_EQ(s.parameters.value("muscle_share"), 0.6);
  EXPECT_EQ(parse_scenario(changed.text).text, changed.text);
  EXPECT_EQ(with(changed, {{"muscle_share", "0.7"}}).parameters.value("venous_compliance"), 0.03 / 100);
  EXPECT_EQ(with(s, {}).text, s.text);
}

TEST_F(Scenarios, WithIsTheSameAsWritingItInTheFile) {
  const fs::path file = write(
      "own.toml", "extends = \"protocols/30-15-15-15\"\n[cuff]\npressure = \"75 %AOP\"\n[exercise]\nrest = \"20 s\"\n");
  EXPECT_EQ(with(load_scenario("30-15-15-15"), {{"cuff.pressure", "75 %AOP"}, {"rest", "20 s"}}).text,
            load_scenario(file).text);
}

TEST_F(Scenarios, WithReplacesPersonAndCuffAsAWhole) {
  const Scenario s =
      with(load_scenario("30-15-15-15"), {{"person.leg.circumference", "60 cm"}, {"cuff.inflation_time", "9 s"}});
  const Scenario changed = with(s, {{"person", "adult_woman"}, {"cuff", "narrow_thigh"}, {"cuff.pressure", "50 %AOP"}});
  EXPECT_EQ(changed.person.name, "adult woman");
  EXPECT_EQ(changed.person.leg.circumference_cm, 54);
  EXPECT_EQ(changed.cuff.name, "narrow thigh cuff");
  EXPECT_EQ(changed.cuff.width_cm, 5);
  EXPECT_EQ(changed.cuff.inflation_time_s, 9); // how the protocol uses a cuff stays
  EXPECT_EQ(changed.pressure.value, 0.5);
  EXPECT_EQ(changed.files.size(), 5U);
  write("me.toml", "extends = \"people/older_man\"\n[person]\nage = \"80 yr\"\n");
  EXPECT_EQ(with(s, {{"person", (directory / "me.toml").string()}}).person.age_yr, 80);
  EXPECT_EQ(with(s, {{"person", "people/older_man"}, {"person.mass", "90 kg"}}).person.mass_kg, 90);

  EXPECT_EQ(only(problems_changing({{"person", "adult_womn"}})).nearest, "adult_woman");
  EXPECT_EQ(only(problems_changing({{"cuff", "people/adult_man"}})).message, "there is no [cuff] table in this file");
  EXPECT_EQ(only(problems_changing({{"cuff", "wide_arm"}, {"limb", "leg"}})).rule, "conflict");
}

TEST_F(Scenarios, AMeasuredOcclusionPressureDoesNotOutliveItsCuff) {
  const Scenario s = with(load_scenario("30-15-15-15"), {{"occlusion_pressure", "160 mmHg"}});
  EXPECT_EQ(s.measured_aop_mmHg, 160);
  const Diagnostic d = only(problems_of([&] { with(s, {{"cuff", "narrow_thigh"}}); }));
  EXPECT_EQ(d.key, "cuff.occlusion_pressure");
  EXPECT_FALSE(with(s, {{"cuff", "narrow_thigh"}, {"occlusion_pressure", "emergent"}}).measured_aop_mmHg);
  EXPECT_EQ(with(s, {{"person", "adult_woman"}, {"occlusion_pressure", "150 mmHg"}}).measured_aop_mmHg, 150);
}

TEST_F(Scenarios, WithExplainsEveryProblemAtOnce) {
  const auto problems = problems_changing({{"cuff.presure", "60 %AOP"},
                                           {"cuff_pressure", "900 mmHg"},
                                           {"rest", "30"},
                                           {"muscle_shar", "0.5"},
                                           {"parameters.venous_complianc", "1"},
                                           {"muscle_share", "0.9"},
                                           {"load", "20 mmHg"}});
  std::map<std::string, Diagnostic> by_key;
  for (const Diagnostic& d : problems) {
    EXPECT_EQ(d.file, "");
    EXPECT_EQ(d.line, 0);
    by_key.emplace(d.key, d);
  }
  EXPECT_EQ(problems.size(), 7U) << text_of(problems);
  EXPECT_EQ(by_key.at("cuff.presure").nearest, "cuff.pressure");
  EXPECT_EQ(by_key.at("cuff.pressure").rule, "out-of-range");
  EXPECT_EQ(by_key.at("cuff.pressure").source_line, "cuff_pressure = 900 mmHg");
  EXPECT_EQ(by_key.at("cuff.pressure").column, 17);
  EXPECT_EQ(by_key.at("exercise.rest").rule, "missing-unit");
  EXPECT_EQ(by_key.at("muscle_shar").nearest, "muscle_share");
  EXPECT_EQ(by_key.at("parameters.venous_complianc").nearest, "venous_compliance");
  EXPECT_EQ(by_key.at("parameters.muscle_share").accepted, "0.4 to 0.8");
  EXPECT_EQ(by_key.at("exercise.load").rule, "wrong-unit");
  EXPECT_EQ(only(problems_changing({{"tempo", "2 s"}})).accepted,
            "exercise.tempo.concentric, exercise.tempo.eccentric, exercise.tempo.pause");
  EXPECT_NE(only(problems_changing({{"baseline", "60"}})).hint.find("\"60 s\""), std::string::npos);
}

TEST_F(Scenarios, WithRefusesTheAmbiguousTheDoubleAndTheAbsent) {
  const Diagnostic ambiguous = only(problems_changing({{"circumference", "50 cm"}}));
  EXPECT_EQ(ambiguous.accepted, "person.arm.circumference, person.leg.circumference");
  EXPECT_EQ(only(problems_changing({{"load", "20 %1RM"}, {"exercise.load", "30 %1RM"}})).rule, "duplicate-key");
  EXPECT_EQ(only(problems_changing({{"extends", "people/adult_man"}})).rule, "unknown-key");
  EXPECT_EQ(only(problems_changing({{"", "1"}})).rule, "unknown-key");
  EXPECT_EQ(only(problems_changing({{"exercise.2.load", "1 %1RM"}})).message, "there is no such exercise");
  EXPECT_EQ(only(problems_changing({{"exercise.0.load", "1 %1RM"}})).message, "there is no such exercise");
  const Scenario passive = load_scenario("venous_occlusion_arm");
  EXPECT_EQ(only(problems_of([&] {
              with(passive, {{"load", "20 %1RM"}});
            })).message,
            "there is no exercise in this scenario");
  const Scenario free = load_scenario(
      write("free.toml", "limb = \"leg\"\nextends = \"people/adult_man\"\n[timing]\npassive = \"1 min\"\n"));
  EXPECT_EQ(only(problems_of([&] {
              with(free, {{"cuff.pressure", "20 mmHg"}});
            })).message,
            "there is no cuff in this scenario");
  EXPECT_EQ(with(free, {{"cuff", "wide_thigh"}, {"cuff.pressure", "20 mmHg"}}).pressure.value, 20);
}

TEST_F(Scenarios, WithChangesAllExercisesOrOne) {
  const Scenario s = load_scenario(write("two.toml", R"(
extends = ["people/adult_man", "cuffs/wide_thigh"]
cuff.pressure = "50 %AOP"
[[exercise]]
load = "20 %1RM"
hold = "20 s"
[[exercise]]
load = "20 %1RM"
hold = "20 s"
)"));
  EXPECT_EQ(with(s, {{"load", "30 %1RM"}}).exercises[0].load, 0.3);
  EXPECT_EQ(with(s, {{"load", "30 %1RM"}}).exercises[1].load, 0.3);
  EXPECT_EQ(with(s, {{"exercise.2.load", "30 %1RM"}}).exercises[0].load, 0.2);
  EXPECT_EQ(with(s, {{"exercise.2.load", "30 %1RM"}}).exercises[1].load, 0.3);
  EXPECT_EQ(with(load_scenario("30-15-15-15"), {{"exercise.1.load", "30 %1RM"}}).exercises[0].load, 0.3);
  EXPECT_EQ(only(problems_of([&] { with(s, {{"exercise.3.load", "30 %1RM"}}); })).accepted, "1 to 2");
}

TEST_F(Scenarios, EveryKeyThatIsListedIsUnderstood) {
  const Scenario s = load_scenario("30-15-15-15");
  for (const std::string_view key : scenario_keys()) {
    if (key == "extends" || key == "parameters")
      continue;
    EXPECT_EQ(canonical_key(s, std::string(key)), key);
    for (const Diagnostic& d : problems_of([&] { with(s, {{std::string(key), "?"}}); }))
      EXPECT_NE(d.rule, "unknown-key") << key << ": " << render(d);
  }
  EXPECT_EQ(canonical_key(s, "load"), "exercise.load");
  EXPECT_EQ(canonical_key(s, "cuff_pressure"), "cuff.pressure");
  EXPECT_EQ(canonical_key(s, "muscle_share"), "parameters.muscle_share");
  EXPECT_THROW(canonical_key(s, "lood"), InputError);
}

TEST_F(Scenarios, ManyChangesAreQuick) {
  const Scenario s = load_scenario("30-15-15-15");
  const auto start = std::chrono::steady_clock::now();
  constexpr int times = 200;
  for (int i = 0; i < times; ++i)
    with(s, {{"cuff.pressure", std::to_string(i % 100) + " %AOP"}});
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  RecordProperty("microseconds_per_change", static_cast<int>(taken.count() / times * 1e6));
  EXPECT_LT(taken.count() / times, 0.01);
}

TEST_F(Scenarios, ARestingScenarioIsMadeOfAPersonAndACuff) {
  const Scenario s = resting_scenario("adult_woman", "narrow_arm", {{"posture", "seated"}});
  EXPECT_EQ(s.person.name, "adult woman");
  EXPECT_EQ(s.cuff.width_cm, 5);
  EXPECT_EQ(s.limb, LimbKind::arm);
  EXPECT_EQ(s.posture, Posture::seated);
  EXPECT_EQ(s.pressure.value, 0);
  EXPECT_EQ(s.passive_s, 60);
  EXPECT_EQ(resting_scenario("adult_man", "", {{"limb", "leg"}}).has_cuff, false);
  const auto problems = problems_of([] { resting_scenario("adult_mn", "wide_thig"); });
  ASSERT_EQ(problems.size(), 2U) << text_of(problems);
  EXPECT_EQ(problems[0].nearest, "adult_man");
  EXPECT_EQ(problems[1].nearest, "wide_thigh");
}

// ------------------------------------------------------------------ data directory

TEST_F(Scenarios, TheEnvironmentSaysWhereTheDataAre) {
  fs::rename(directory / "data", directory / "elsewhere");
  EXPECT_THROW(data_directory(), InputError);
  setenv("LIMBFLOW_DATA", (directory / "elsewhere").c_str(), 1);
  EXPECT_EQ(data_directory(), directory / "elsewhere");
  EXPECT_EQ(parameters_directory(), directory / "elsewhere" / "parameters");
  setenv("LIMBFLOW_DATA", (directory / "nowhere").c_str(), 1);
  EXPECT_EQ(only(problems_of([] { load_scenario("30-15-15-15"); })).rule, "no-data");
  unsetenv("LIMBFLOW_DATA");
  set_data_directory("");
  EXPECT_EQ(fs::weakly_canonical(scenarios_directory()),
            fs::weakly_canonical(fs::path(LIMBFLOW_SOURCE_DIR) / "scenarios"));
  EXPECT_EQ(parameters_directory().filename(), "parameters");
  EXPECT_EQ(only(problems_of([] { shipped("cuff"); })).nearest, "cuffs");
}

TEST_F(Scenarios, BrokenParameterTablesAreReportedWithTheScenario) {
  std::ofstream(directory / "data" / "parameters" / "bad.toml") << "[p]\nvalue = 1\n";
  const auto problems = problems_of([] { load_scenario("30-15-15-15"); });
  EXPECT_EQ(problems.size(), 3U) << text_of(problems);
}

// ------------------------------------------------------------------ sweeps

TEST_F(Scenarios, TheShippedSweepHasItsThreeAxes) {
  const SweepSpec sweep = load_sweep("pressure_load_rest");
  EXPECT_EQ(sweep.base.title, load_scenario("30-15-15-15").title);
  ASSERT_EQ(sweep.axes.size(), 3U);
  EXPECT_EQ(sweep.axes[0].key, "cuff.pressure");
  EXPECT_EQ(sweep.axes[0].unit, "%AOP");
  EXPECT_EQ(sweep.axes[0].values, (std::vector<double>{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}));
  EXPECT_EQ(sweep.axes[0].texts[3], "30 %AOP");
  EXPECT_EQ(sweep.axes[1].key, "exercise.load");
  EXPECT_EQ(sweep.axes[1].unit, "%1RM");
  EXPECT_EQ(sweep.axes[2].values, (std::vector<double>{15, 30, 45, 60, 90}));
  EXPECT_EQ(member_count(sweep.axes), 11U * 5U * 5U);
  EXPECT_EQ(sweep.files.size(), 4U);
}

TEST_F(Scenarios, AxesOfOneLine) {
  const Scenario s = load_scenario("30-15-15-15");
  const SweepAxis range = parse_axis(s, "cuff_pressure", "0..100 %AOP / 11");
  EXPECT_EQ(range.key, "cuff.pressure");
  EXPECT_EQ(range.values.size(), 11U);
  EXPECT_EQ(range.texts.back(), "100 %AOP");
  EXPECT_EQ(parse_axis(s, "cuff.pressure", "50 mmHg..150mmHg/3").texts,
            (std::vector<std::string>{"50 mmHg", "100 mmHg", "150 mmHg"}));
  EXPECT_EQ(parse_axis(s, "rest", "0.5 min..90 s / 3").values, (std::vector<double>{30, 60, 90}));
  EXPECT_EQ(parse_axis(s, "muscle_share", "0.4..0.8 / 3").values.back(), 0.8);
  EXPECT_EQ(parse_axis(s, "load", "10, 20, 30 %1RM").texts,
            (std::vector<std::string>{"10 %1RM", "20 %1RM", "30 %1RM"}));
  EXPECT_EQ(parse_axis(s, "rest", "[30 s, 1 min]").values, (std::vector<double>{30, 60}));
  EXPECT_EQ(parse_axis(s, "rest", "[\"30 s\", \"1 min\"]").unit, "s");
  EXPECT_EQ(parse_axis(s, "rest", "45 s").values, std::vector<double>{45});
  const SweepAxis people = parse_axis(s, "person", "adult_man, older_woman");
  EXPECT_EQ(people.unit, "");
  EXPECT_EQ(people.values, (std::vector<double>{0, 1}));
  EXPECT_EQ(people.texts[1], "older_woman");
  EXPECT_EQ(parse_axis(s, "sets", "[[30, 15], [20, 20]]").texts[0], "[30, 15]");
  EXPECT_EQ(parse_axis(s, "tolerance", "1e-6, 1e-8").unit, "1");
}

TEST_F(Scenarios, BadAxesAreExplained) {
  const Scenario s = load_scenario("30-15-15-15");
  const auto rule = [&](const std::string& key, const std::string& text) {
    const auto problems = problems_of([&] { parse_axis(s, key, text); });
    EXPECT_FALSE(problems.empty()) << key << " = " << text;
    return problems.empty() ? "" : problems.front().rule;
  };
  EXPECT_EQ(rule("presure", "0..100 %AOP / 11"), "unknown-key");
  EXPECT_EQ(rule("cuff.pressure", "0..100 %AOP"), "not-an-axis");
  EXPECT_EQ(rule("cuff.pressure", "0..100 %AOP / many"), "not-an-axis");
  EXPECT_EQ(rule("cuff.pressure", "0..100 %AOP / 1"), "out-of-range");
  EXPECT_EQ(rule("cuff.pressure", "0..100 %AOP / 999999999"), "out-of-range");
  EXPECT_EQ(rule("cuff.pressure", "50..50 %AOP / 3"), "out-of-range");
  EXPECT_EQ(rule("cuff.pressure", "0..900 mmHg / 3"), "out-of-range");
  EXPECT_EQ(rule("cuff.pressure", "0..100 / 3"), "missing-unit");
  EXPECT_EQ(rule("cuff.pressure", "0 mmHg..100 %AOP / 3"), "wrong-unit");
  EXPECT_EQ(rule("cuff.pressure", "60 %AOP, 100 mmHg"), "wrong-unit");
  EXPECT_EQ(rule("cuff.pressure", "60 %AOP, 0.6 AOP"), "duplicate-value");
  EXPECT_EQ(rule("cuff.pressure", "60 %AOP,"), "not-an-axis");
  EXPECT_EQ(rule("cuff.pressure", ""), "not-an-axis");
  EXPECT_EQ(rule("cuff.pressure", "high, low"), "not-a-number");
  EXPECT_EQ(rule("person", "adult_man, adult_boy"), "no-such-file");
  EXPECT_THROW(make_axis(s, "rest", {}), InputError);
}

TEST_F(Scenarios, SweepFilesReportEveryProblemAtItsPlace) {
  const fs::path file =
      write("s.toml",
            "scenario = \"30-15-15-15\"\nnote = \"x\"\n[axes]\ncuff.presure = { from = \"0 %AOP\", to = \"100 %AOP\", "
            "steps = 3 }\n"
            "\"exercise.rest\" = [\"30 s\", \"-5 s\"]\nload = \"10..30 %1RM / 3\"\n\"exercise.load\" = [\"20 %1RM\"]\n"
            "\"cuff.width\" = { from = \"5 cm\", to = \"18 cm\", step = 3 }\nposture = 5\n");
  const auto problems = problems_of([&] { load_sweep(file); });
  std::multiset<int> lines;
  for (const Diagnostic& d : problems) {
    EXPECT_EQ(d.file, file.string());
    lines.insert(d.line);
  }
  EXPECT_EQ(lines, (std::multiset<int>{2, 4, 5, 7, 8, 8, 9})) << text_of(problems);

  const auto keys = [&](const std::string& text) {
    std::set<std::string> out;
    for (const Diagnostic& d : problems_of([&] { load_sweep(write("t.toml", text)); }))
      out.insert(d.key);
    return out;
  };
  EXPECT_EQ(keys("title = \"none\"\n"), (std::set<std::string>{"axes", "scenario"}));
  EXPECT_EQ(keys("scenario = \"30-15\"\n[axes]\nrest = [\"1 s\"]\n"), std::set<std::string>{"scenario"});
  EXPECT_EQ(only(problems_of([] { load_sweep("pressure_load_res"); })).nearest, "pressure_load_rest");
}

TEST_F(Scenarios, FurtherTablesOfASweepFileAreTheCallersToRead) {
  const fs::path file = write("s.toml", "scenario = \"30-15-15-15\"\n[sample]\npoints = 8\n");
  const std::vector<std::string> tables{"people", "sample", "zip"};
  EXPECT_TRUE(load_sweep(file, tables).axes.empty());
  std::set<std::string> keys;
  for (const Diagnostic& d : problems_of([&] { load_sweep(file); }))
    keys.insert(d.key);
  EXPECT_EQ(keys, (std::set<std::string>{"axes", "sample"}));
}

TEST_F(Scenarios, UnquotedDottedAxesAreTheSame) {
  const SweepSpec sweep = load_sweep(
      write("s.toml",
            "scenario = \"30-15-15-15\"\n[axes]\ncuff.pressure = { from = \"0 %AOP\", to = \"100 %AOP\", steps = 3 }\n"
            "exercise.tempo.pause = [\"0 s\", \"1 s\"]\n"));
  ASSERT_EQ(sweep.axes.size(), 2U);
  EXPECT_EQ(sweep.axes[0].key, "cuff.pressure");
  EXPECT_EQ(sweep.axes[1].key, "exercise.tempo.pause");
  EXPECT_EQ(sweep.title, "s");
}

TEST_F(Scenarios, ASweepHasABoundedNumberOfMembers) {
  SweepAxis axis;
  axis.texts.resize(100'000);
  EXPECT_EQ(member_count({axis}), 100'000U);
  EXPECT_THROW(member_count({axis, axis}), InputError);
  EXPECT_EQ(member_count({}), 1U);
}

// ------------------------------------------------------------------ hostile input

TEST_F(Scenarios, TenThousandDamagedFilesEachRunOrSayWhatIsWrong) {
  set_data_directory(LIMBFLOW_SOURCE_DIR); // with every parameter that a run takes
  std::vector<std::string> whole;
  for (const std::string& name : shipped("protocols"))
    whole.push_back(load_scenario(name).text);
  std::uint32_t state = 12345;
  const auto next = [&] { return state = state * 1664525U + 1013904223U; };
  int accepted = 0, run_to_their_end = 0, stopped = 0;
  for (std::size_t i = 0; i < 10000; ++i) {
    std::string text = whole[i % whole.size()];
    for (std::uint32_t edits = 1 + next() % 3; edits > 0; --edits) {
      const std::size_t at = next() % text.size();
      switch (next() % 4) {
      case 0:
        text.erase(at, 1 + next() % 20);
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(next() >> 24U));
        break;
      case 2:
        text[at] = "\"[]{}=.,#-0123456789 \n"[next() % 22];
        break;
      default:
        text.insert(at, text.substr(next() % text.size(), next() % 40));
      }
      if (text.empty())
        text = "x";
    }
    try {
      const Scenario s = parse_scenario(text, "damaged");
      EXPECT_EQ(parse_scenario(s.text, "again").text, s.text); // what is accepted is a whole, valid scenario
      if (++accepted % 10 == 0 && duration_of(s) < 3000.0) { // and runs
        RunOptions options;
        options.keep_traces = false;
        options.signals = std::vector<std::string>{};
        try {
          const RunResult result = run(s, options);
          EXPECT_FALSE(result.report.describe().empty());
          ++run_to_their_end;
        } catch (const std::runtime_error& error) { // no resting state
          EXPECT_STRNE(error.what(), "");
          ++stopped;
        }
      }
    } catch (const InputError& error) {
      ASSERT_FALSE(error.diagnostics().empty());
      for (const Diagnostic& problem : error.diagnostics()) {
        EXPECT_FALSE(problem.message.empty());
        EXPECT_FALSE(problem.rule.empty());
      }
    }
  }
  std::cout << "10000 damaged files: " << accepted << " are scenarios still, the others are refused; " << run_to_their_end
            << " were run, " << stopped << " more said why not\n";
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 9000);
}

} // namespace
} // namespace limbflow::models
