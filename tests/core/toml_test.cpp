#include "core/toml_document.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace limbflow::core {
namespace {

namespace fs = std::filesystem;

class TomlFiles : public testing::Test {
protected:
  void SetUp() override {
    directory = fs::temp_directory_path() /
                ("limbflow_toml_" + std::to_string(testing::UnitTest::GetInstance()->random_seed()) + "_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(directory);
    fs::create_directories(directory);
  }
  void TearDown() override { fs::remove_all(directory); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(directory / name, std::ios::binary) << text;
    return directory / name;
  }

  Diagnostic only_problem(const fs::path& path) const {
    Diagnostics diagnostics;
    const TomlDocument document = TomlDocument::load(path, diagnostics);
    EXPECT_FALSE(document.complete);
    EXPECT_EQ(diagnostics.sorted().size(), 1U);
    return diagnostics.sorted().empty() ? Diagnostic{} : diagnostics.sorted().front();
  }

  fs::path directory;
};

TEST_F(TomlFiles, UnreadableInputsAreNamed) {
  EXPECT_EQ(only_problem(directory / "absent.toml").rule, "no-such-file");
  EXPECT_EQ(only_problem(directory).rule, "directory");
  EXPECT_EQ(only_problem(write("empty.toml", "")).rule, "empty-file");
  EXPECT_EQ(only_problem(write("blank.toml", " \n\t\r\n")).rule, "empty-file");
  EXPECT_EQ(only_problem(write("nul.toml", std::string("a = 1\n\0b = 2\n", 13))).rule, "binary-file");
  EXPECT_EQ(only_problem(write("elf.toml", "\x7f"
                                           "ELF\x02\x01\xff\xfe"))
                .rule,
            "binary-file");
  EXPECT_EQ(only_problem(write("utf16.toml", std::string("\xff\xfe"
                                                         "a\0=\0",
                                                         6)))
                .rule,
            "binary-file");
  EXPECT_EQ(only_problem(write("large.toml", std::string(TomlDocument::largest_file + 1, '#'))).rule, "too-large");
  EXPECT_EQ(only_problem("/dev/null").rule, "unreadable");
  const Diagnostic d = only_problem(directory / "absent.toml");
  EXPECT_EQ(d.file, (directory / "absent.toml").string());
  EXPECT_EQ(d.message, "there is no such file");
}

TEST_F(TomlFiles, ReadsAFileWithPlacesInTheOrderOfTheFile) {
  Diagnostics diagnostics;
  const TomlDocument document = TomlDocument::load(
      write("a.toml", "\xEF\xBB\xBFzeta = 1\r\n[table]\r\n  b = \"x\"\r\n  a = [1, 2.5, true]\r\n"), diagnostics);
  ASSERT_TRUE(document.complete);
  EXPECT_FALSE(diagnostics.has_errors());
  ASSERT_EQ(document.root.entries.size(), 2U);
  const TomlValue& table = *document.root.find("table");
  EXPECT_EQ(table.entries[0].key, "b");
  EXPECT_EQ(table.entries[0].place.line, 3);
  EXPECT_EQ(table.entries[0].place.column, 3);
  EXPECT_EQ(table.find("b")->place.column, 7);
  EXPECT_EQ(table.find("a")->items.size(), 3U);
  EXPECT_EQ(document.root.find("nothing"), nullptr);
}

TEST(TomlSyntax, EveryBrokenLineIsReportedAndTheRestIsRead) {
  Diagnostics diagnostics;
  const TomlDocument document =
      TomlDocument::parse("rest = 30 s\nb = 2\nc = 01\nb = 3\nd = \"open\n", "x.toml", diagnostics);
  EXPECT_FALSE(document.complete);
  const auto problems = diagnostics.sorted();
  ASSERT_EQ(problems.size(), 4U);
  EXPECT_EQ(problems[0].line, 1);
  EXPECT_EQ(problems[0].rule, "syntax");
  EXPECT_EQ(problems[0].key, "rest");
  EXPECT_EQ(problems[0].source_line, "rest = 30 s");
  EXPECT_EQ(problems[0].hint, "a quantity stands in quotes: rest = \"30 s\"");
  EXPECT_EQ(problems[1].line, 3);
  EXPECT_EQ(problems[2].line, 4);
  EXPECT_EQ(problems[2].rule, "duplicate-key");
  EXPECT_EQ(problems[3].line, 5);
  EXPECT_EQ(document.root.find("b")->integer, 2);
}

TEST(TomlSyntax, ReadingStopsWhereGoingOnWouldInventProblems) {
  for (const std::string text :
       {"sets = [30, 15\n15]\nb = [\n", "[table\na = 1\n", "a = \"\"\"\nabc\n", "a\n", "= 3\n", "a = { b = 1,\n}\n"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(TomlDocument::parse(text, "x.toml", diagnostics).complete) << text;
    EXPECT_EQ(diagnostics.sorted().size(), 1U) << text;
  }
}

TEST(TomlSyntax, WhatBreaksTheParsersAssumptionsIsAnErrorToo) {
  Diagnostics diagnostics;
  EXPECT_FALSE(TomlDocument::parse("a = 1\nb = 2\n[=]\nc = 3\n", "x.toml", diagnostics).complete);
  ASSERT_EQ(diagnostics.sorted().size(), 1U);
  EXPECT_EQ(diagnostics.sorted()[0].rule, "syntax");
  EXPECT_EQ(diagnostics.sorted()[0].line, 3);
  EXPECT_EQ(diagnostics.sorted()[0].source_line, "[=]");
}

TEST(TomlSyntax, DeepNestingIsRefusedNotFollowed) {
  Diagnostics diagnostics;
  TomlDocument::parse("a = " + std::string(100000, '['), "x.toml", diagnostics);
  EXPECT_TRUE(diagnostics.has_errors());
}

TomlValue parsed(const std::string& text) {
  Diagnostics diagnostics;
  TomlDocument document = TomlDocument::parse(text, "x.toml", diagnostics);
  EXPECT_TRUE(document.complete) << text;
  return document.root;
}

TEST(TomlMerge, LaterFilesWinKeyByKeyAndKeepTheirPlaces) {
  Diagnostics diagnostics;
  TomlValue base =
      TomlDocument::parse("[cuff]\nwidth = \"5 cm\"\nlimb = \"leg\"\nlist = [1, 2]\n", "base.toml", diagnostics).root;
  const TomlValue over =
      TomlDocument::parse("\n[cuff]\nwidth = \"18 cm\"\nlist = [3]\n[new]\na = 1\n", "over.toml", diagnostics).root;
  merge(base, over);
  const TomlValue& cuff = *base.find("cuff");
  EXPECT_EQ(cuff.find("width")->text, "18 cm");
  EXPECT_EQ(cuff.find("width")->place.source->name, "over.toml");
  EXPECT_EQ(cuff.find("limb")->place.source->name, "base.toml");
  EXPECT_EQ(cuff.find("list")->items.size(), 1U);
  EXPECT_EQ(cuff.place.source->name, "over.toml");
  EXPECT_TRUE(base.find("new")->is_table());
}

TEST(TomlText, WritesWhatReadsBackTheSame) {
  const TomlValue root = parsed("title = \"a \\\"b\\\" \\\\ \\n \\t \\u0001 é\"\ndate = 1979-05-27\nempty = []\n"
                                "[b]\nx = 1e-6\ny = 2.0\nz = -3\nt = { u = true, \"odd key\" = [ { v = 1 } ] }\n"
                                "[[a]]\nn = 1\n[[a]]\nn = 2\n");
  const std::vector<std::string_view> order{"title", "a.n", "b.z", "b.x"};
  const std::string text = to_toml(root, order);
  EXPECT_EQ(to_toml(parsed(text), order), text);
  EXPECT_EQ(text, "title = \"a \\\"b\\\" \\\\ \\n \\t \\u0001 é\"\ndate = 1979-05-27\nempty = []\n\n"
                  "[[a]]\nn = 1\n\n[[a]]\nn = 2\n\n"
                  "[b]\nz = -3\nx = 1e-06\nt = { \"odd key\" = [{ v = 1 }], u = true }\ny = 2.0\n");
}

TEST(TomlText, ValuesFromTheCommandLineMeanWhatAPersonMeans) {
  using Kind = TomlValue::Kind;
  EXPECT_EQ(value_from_text("k", "60 %AOP").kind, Kind::string);
  EXPECT_EQ(value_from_text("k", "60 %AOP").text, "60 %AOP");
  EXPECT_EQ(value_from_text("k", "30 s").text, "30 s");
  EXPECT_EQ(value_from_text("k", "1e-6").number, 1e-6);
  EXPECT_EQ(value_from_text("k", "[30, 15]").items.size(), 2U);
  EXPECT_EQ(value_from_text("k", "'quoted'").text, "quoted");
  EXPECT_EQ(value_from_text("k", "2026-01-01").text, "2026-01-01");
  EXPECT_EQ(value_from_text("k", "1\nother = 2").kind, Kind::string);
  EXPECT_EQ(value_from_text("k", "").text, "");
  const TomlValue value = value_from_text("rest", "30");
  EXPECT_EQ(value.place.source->lines.front(), "rest = 30");
  EXPECT_EQ(value.place.column, 8);
}

struct Reading {
  explicit Reading(const std::string& text) : root(parsed(text)), reader(root, "", diagnostics) {}
  std::vector<Diagnostic> problems() const { return diagnostics.sorted(); }
  Diagnostic problem() const {
    EXPECT_EQ(problems().size(), 1U);
    return problems().empty() ? Diagnostic{} : problems().front();
  }
  TomlValue root;
  Diagnostics diagnostics;
  TableReader reader;
};

constexpr std::array<std::pair<std::string_view, int>, 1> numbers{{{"one", 1}}};
constexpr std::array<std::pair<std::string_view, int>, 2> postures{{{"supine", 1}, {"seated", 2}}};
constexpr Bounds width_bounds{.low = 0, .high = 40, .unit = "cm", .low_open = true};

TEST(TableReaderTest, QuantitiesComeInBaseUnits) {
  Reading r("width = \"135 mm\"\n");
  EXPECT_EQ(r.reader.quantity("width", Dimension::length, width_bounds), 13.5);
  EXPECT_EQ(r.reader.quantity("absent", Dimension::length, width_bounds, 7.0), 7.0);
  EXPECT_TRUE(r.problems().empty());
}

TEST(TableReaderTest, ABareNumberNamesTheUnits) {
  Reading r("width = 13.5\n");
  EXPECT_TRUE(std::isnan(r.reader.quantity("width", Dimension::length, width_bounds)));
  const Diagnostic d = r.problem();
  EXPECT_EQ(d.rule, "missing-unit");
  EXPECT_EQ(d.file, "x.toml");
  EXPECT_EQ(d.line, 1);
  EXPECT_EQ(d.column, 9);
  EXPECT_EQ(d.key, "width");
  EXPECT_EQ(d.value, "13.5");
  EXPECT_EQ(d.accepted, "above 0 cm and up to 40 cm (in cm, mm, m, um)");
  EXPECT_EQ(d.hint, "a quantity is written with its unit, in quotes: \"13.5 cm\"");
}

TEST(TableReaderTest, AMissingUnitIsProposedAsItIsUsuallyWritten) {
  Reading r("baseline = 60\n");
  r.reader.quantity("baseline", Dimension::time, {.low = 0, .high = 4, .unit = "h", .usual = "s"});
  EXPECT_EQ(r.problem().accepted, "0 h to 4 h (in s, ms, min, h)");
  EXPECT_EQ(r.problem().hint, "a quantity is written with its unit, in quotes: \"60 s\"");
}

TEST(TableReaderTest, RangesAreCheckedAtTheirEnds) {
  for (const std::string bad : {"0 cm", "-1 cm", "40.001 cm", "401 mm"}) {
    Reading r("width = \"" + bad + "\"\n");
    r.reader.quantity("width", Dimension::length, width_bounds);
    EXPECT_EQ(r.problem().rule, "out-of-range") << bad;
    EXPECT_EQ(r.problem().message, bad + " is out of range");
    EXPECT_EQ(r.problem().accepted, "above 0 cm and up to 40 cm");
  }
  Reading r("width = \"40 cm\"\n");
  EXPECT_EQ(r.reader.quantity("width", Dimension::length, width_bounds), 40);
}

TEST(TableReaderTest, EveryWrongKindIsReported) {
  Reading r("width = [1]\nn = \"x\"\ni = 1.5\nb = 1\ns = 3\nl = [1, \"a\"]\nw = [\"a\", 1]\nt = 4\na = [1]\nc = 5\n");
  r.reader.quantity("width", Dimension::length, width_bounds);
  r.reader.number("n", {});
  r.reader.integer("i", 0, 9);
  r.reader.boolean("b");
  r.reader.string("s");
  r.reader.integers("l", 0, 9, 5, true);
  r.reader.strings("w");
  r.reader.table("t");
  r.reader.tables("a", 5);
  r.reader.choice("c", numbers);
  EXPECT_EQ(r.problems().size(), 10U);
  r.reader.finish();
  EXPECT_EQ(r.problems().size(), 10U);
}

TEST(TableReaderTest, MissingKeysAreReportedUnlessThereIsAFallback) {
  Reading r("a = 1\n");
  r.reader.quantity("width", Dimension::length, width_bounds);
  r.reader.string("name");
  r.reader.integers("sets", 1, 9, 5, true);
  EXPECT_EQ(r.problems().size(), 3U);
  for (const Diagnostic& d : r.problems())
    EXPECT_EQ(d.rule, "missing-key");
  EXPECT_EQ(r.reader.string("other", "fallback"), "fallback");
  EXPECT_EQ(r.reader.integer("count", 0, 9, 3), 3);
  EXPECT_EQ(r.reader.boolean("flag", true), true);
  EXPECT_EQ(r.reader.number("x", {}, 0.5), 0.5);
  EXPECT_FALSE(r.reader.integers("reps", 1, 9, 5, false));
  EXPECT_EQ(r.problems().size(), 3U);

  Diagnostics quiet;
  TableReader unfinished(r.root, "", quiet, false);
  unfinished.string("name");
  EXPECT_FALSE(quiet.has_errors());
}

TEST(TableReaderTest, UnknownKeysNameTheNearest) {
  Reading r("pressrue = 1\n[cuff]\nwdith = 2\nzzzzzz = 3\n");
  r.reader.has("pressure");
  TableReader cuff = r.reader.table("cuff");
  cuff.has("width");
  cuff.finish(std::vector<std::string_view>{"other.zzzzzz"});
  r.reader.finish();
  const auto problems = r.problems();
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].nearest, "pressure");
  EXPECT_EQ(problems[0].column, 1);
  EXPECT_EQ(problems[1].key, "cuff.wdith");
  EXPECT_EQ(problems[1].nearest, "width");
  EXPECT_EQ(problems[2].nearest, "");
  EXPECT_EQ(problems[2].hint, "there is other.zzzzzz");
}

TEST(TableReaderTest, ListsAndChoices) {
  Reading r("sets = [30, 15]\none = 30\nwords = [\"a\", \"b\"]\nword = \"a\"\nposture = \"supin\"\nflag = false\nmany "
            "= [1, 2, 3]\nlow = [0]\n");
  EXPECT_EQ(r.reader.integers("sets", 1, 99, 5, true), (std::vector<int>{30, 15}));
  EXPECT_EQ(r.reader.integers("one", 1, 99, 5, true), std::vector<int>{30});
  EXPECT_EQ(r.reader.strings("words"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(r.reader.strings("word"), std::vector<std::string>{"a"});
  EXPECT_TRUE(r.reader.strings("no_words").empty());
  EXPECT_FALSE(r.reader.boolean("flag"));
  EXPECT_TRUE(r.problems().empty());
  EXPECT_EQ(r.reader.choice("posture", postures), 1);
  EXPECT_EQ(r.problem().nearest, "supine");
  EXPECT_EQ(r.problem().accepted, "supine, seated");
  r.reader.integers("many", 1, 99, 2, true);
  r.reader.integers("low", 1, 99, 2, true);
  EXPECT_EQ(r.problems().size(), 3U);
}

TEST(TableReaderTest, OneTableOrAListOfThem) {
  Reading one("[exercise]\na = 1\n"), two("[[exercise]]\na = 1\n[[exercise]]\na = 2\n"), none("b = 1\n");
  EXPECT_EQ(one.reader.tables("exercise", 5).size(), 1U);
  EXPECT_EQ(none.reader.tables("exercise", 5).size(), 0U);
  auto readers = two.reader.tables("exercise", 5);
  ASSERT_EQ(readers.size(), 2U);
  EXPECT_EQ(readers[1].path(), "exercise[2]");
  EXPECT_EQ(readers[1].integer("a", 0, 9), 2);
  two.reader.tables("exercise", 1);
  EXPECT_EQ(two.problem().rule, "out-of-range");
}

} // namespace
} // namespace limbflow::core
