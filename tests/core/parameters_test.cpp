#include "core/parameters.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace limbflow::core {
namespace {

namespace fs = std::filesystem;

constexpr auto two_parameters = R"([resting_flow]
value = "3 mL/100mL/min"
range = ["1 mL/100mL/min", "0.12 mL/mL/s"]
source = "somebody 1998, 10.1016/x"
description = "Inflow at rest"
distribution = "lognormal"

[share]
value = 0.6
range = [0.4, "80 %"]
source = "estimated: by eye"
description = "Share of muscle"
)";

std::vector<Diagnostic> problems_of(const std::string& text) {
  try {
    ParameterTable::parse(text, "p.toml");
  } catch (const InputError& error) {
    return error.diagnostics();
  }
  return {};
}

TEST(Parameters, HoldValueRangeUnitSourceInBaseUnits) {
  const ParameterTable table = ParameterTable::parse(two_parameters, "p.toml");
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.names(), (std::vector<std::string>{"resting_flow", "share"}));
  EXPECT_EQ(table.value("resting_flow"), 3.0 / 6000);
  const Parameter flow = table.at("resting_flow");
  EXPECT_EQ(flow.unit, "mL/mL/s");
  EXPECT_EQ(flow.low, 1.0 / 6000);
  EXPECT_EQ(flow.high, 0.12);
  EXPECT_EQ(flow.source, "somebody 1998, 10.1016/x");
  EXPECT_EQ(flow.description, "Inflow at rest");
  EXPECT_EQ(flow.distribution, "lognormal");
  EXPECT_EQ(flow.text, "3 mL/100mL/min");
  EXPECT_EQ(table.at("share").unit, "1");
  EXPECT_EQ(table.at("share").high, 0.8);
  EXPECT_TRUE(table.contains("share"));
  EXPECT_FALSE(table.contains("shar"));
  EXPECT_THROW(table.value("shar"), std::out_of_range);
  EXPECT_THROW(table.at("shar"), std::out_of_range);
}

TEST(Parameters, SetIsCheckedAndLeavesCopiesAlone) {
  const ParameterTable original = ParameterTable::parse(two_parameters, "p.toml");
  ParameterTable table = original;
  table.set("resting_flow", "6 mL/100mL/min");
  table.set("resting_flow", "4 mL/100mL/min");
  table.set("share", "0.8");
  EXPECT_EQ(table.value("resting_flow"), 4.0 / 6000);
  EXPECT_EQ(table.at("resting_flow").text, "4 mL/100mL/min");
  EXPECT_EQ(table.parameters()[1].value, 0.8);
  EXPECT_EQ(original.value("resting_flow"), 3.0 / 6000);
  EXPECT_EQ(table.defaults().value("resting_flow"), 3.0 / 6000);
  EXPECT_EQ(table.defaults().at("resting_flow").text, "3 mL/100mL/min");
}

TEST(Parameters, SetExplainsWhatIsWrong) {
  ParameterTable table = ParameterTable::parse(two_parameters, "p.toml");
  const auto problem = [&](const std::string& name, const std::string& text) {
    try {
      table.set(name, text);
    } catch (const InputError& error) {
      return error.diagnostics().front();
    }
    return Diagnostic{};
  };
  EXPECT_EQ(problem("resting_flwo", "1").rule, "unknown-key");
  EXPECT_EQ(problem("resting_flwo", "1").nearest, "resting_flow");
  EXPECT_EQ(problem("resting_flow", "0.5 mL/100mL/min").rule, "out-of-range");
  EXPECT_EQ(problem("resting_flow", "0.5 mL/100mL/min").accepted, "1 mL/100mL/min to 0.12 mL/mL/s");
  EXPECT_EQ(problem("resting_flow", "5").rule, "missing-unit");
  EXPECT_EQ(problem("resting_flow", "5 mmHg").rule, "wrong-unit");
  EXPECT_EQ(problem("resting_flow", "nan mL/100mL/min").rule, "not-a-number");
  EXPECT_EQ(problem("share", "0.81").key, "parameters.share");
  EXPECT_EQ(table.value("share"), 0.6);
}

TEST(Parameters, WithoutSourceRangeOrDescriptionTheyDoNotLoad) {
  const auto problems = problems_of("[a]\nvalue = \"1 s\"\n");
  ASSERT_EQ(problems.size(), 3U);
  std::set<std::string> keys;
  for (const Diagnostic& d : problems) {
    EXPECT_EQ(d.rule, "missing-key");
    EXPECT_EQ(d.file, "p.toml");
    EXPECT_EQ(d.line, 1);
    keys.insert(d.key);
  }
  EXPECT_EQ(keys, (std::set<std::string>{"a.description", "a.range", "a.source"}));
  EXPECT_EQ(problems_of("[a]\nvalue = 1\nrange = [0, 2]\nsource = \"\"\ndescription = \"d\"\n").at(0).key, "a.source");
}

TEST(Parameters, EveryProblemOfAFileComesAtOnce) {
  const std::string tail = "source = \"s\"\ndescription = \"d\"\n";
  const auto problems = problems_of("[a]\nvalue = \"9 s\"\nrange = [\"1 s\", \"2 s\"]\n" + tail +       // outside
                                    "[b]\nvalue = \"1 s\"\nrange = [\"2 s\", \"0 s\"]\n" + tail +       // reversed
                                    "[c]\nvalue = \"1 s\"\nrange = [\"0 mmHg\", \"2 mmHg\"]\n" + tail + // other unit
                                    "[d]\nvalue = \"1 s\"\nrange = [0, \"2 s\"]\n" + tail +             // no unit
                                    "[e]\nvalue = true\nrange = [0, 2]\n" + tail +                      // not a number
                                    "[f]\nvalue = 1\nrange = 3\n" + tail +                              // not a pair
                                    "[g]\nvalue = 1\nrange = [0, 2]\nsorce = \"s\"\ndescription = \"d\"\n" + // misspelt
                                    "[h]\nrange = [0, 2]\n" + tail);                                         // no value
  std::map<std::string, std::vector<std::string>> rules;
  for (const Diagnostic& d : problems)
    rules[d.key].push_back(d.rule);
  EXPECT_EQ(rules["a.value"], std::vector<std::string>{"out-of-range"});
  EXPECT_EQ(rules["b.range"], std::vector<std::string>{"out-of-range"});
  EXPECT_EQ(rules["c.range"], (std::vector<std::string>{"wrong-unit", "wrong-unit"}));
  EXPECT_EQ(rules["d.range"], std::vector<std::string>{"missing-unit"});
  EXPECT_EQ(rules["e.value"], std::vector<std::string>{"wrong-kind"});
  EXPECT_EQ(rules["f.range"], std::vector<std::string>{"wrong-kind"});
  EXPECT_EQ(rules["g.source"], std::vector<std::string>{"missing-key"});
  EXPECT_EQ(rules["g.sorce"], std::vector<std::string>{"unknown-key"});
  EXPECT_EQ(rules["h.value"], std::vector<std::string>{"missing-key"});
  EXPECT_EQ(problems.size(), 10U);
  EXPECT_EQ(problems_of("loose = 1\n").at(0).rule, "wrong-kind");
}

TEST(Parameters, ADirectoryIsReadInOrderAndNamesAreUniqueAcrossFiles) {
  const fs::path directory = fs::temp_directory_path() / "limbflow_parameters_test";
  fs::remove_all(directory);
  const auto problem = [&] {
    try {
      ParameterTable::load(directory);
    } catch (const InputError& error) {
      return error.diagnostics().front();
    }
    return Diagnostic{};
  };
  EXPECT_EQ(problem().rule, "no-parameters"); // absent
  fs::create_directories(directory);
  EXPECT_EQ(problem().rule, "no-parameters"); // empty
  std::ofstream(directory / "b.toml") << two_parameters;
  std::ofstream(directory / "a.toml") << "[first]\nvalue = 1\nrange = [0, 2]\nsource = \"s\"\ndescription = \"d\"\n";
  std::ofstream(directory / "README.md") << "not a table";
  EXPECT_EQ(ParameterTable::load(directory).names(), (std::vector<std::string>{"first", "resting_flow", "share"}));
  std::ofstream(directory / "c.toml") << "[share]\nvalue = 1\nrange = [0, 2]\nsource = \"s\"\ndescription = \"d\"\n";
  EXPECT_EQ(problem().rule, "duplicate-key");
  EXPECT_EQ(problem().file, (directory / "c.toml").string());
  fs::remove_all(directory);
}

TEST(Parameters, TheShippedTablesLoad) {
  const fs::path shipped = fs::path(LIMBFLOW_SOURCE_DIR) / "models" / "parameters";
  const ParameterTable table = ParameterTable::load(shipped);
  EXPECT_GT(table.size(), 0U);
}

} // namespace
} // namespace limbflow::core
