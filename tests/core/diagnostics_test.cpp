#include "core/diagnostics.hpp"

#include <gtest/gtest.h>

namespace limbflow::core {
namespace {

Diagnostic example() {
  Diagnostic d;
  d.rule = "out-of-range";
  d.file = "protocols/a.toml";
  d.line = 12;
  d.column = 12;
  d.source_line = "pressure = \"900 mmHg\"";
  d.key = "cuff.pressure";
  d.value = "\"900 mmHg\"";
  d.message = "900 mmHg is out of range";
  d.accepted = "0 mmHg to 500 mmHg";
  return d;
}

TEST(Render, ShowsPlaceLineCaretAndWhatIsAccepted) {
  EXPECT_EQ(render(example()), "protocols/a.toml:12:12: error: cuff.pressure: 900 mmHg is out of range\n"
                               "  12 | pressure = \"900 mmHg\"\n"
                               "     |            ^\n"
                               "  accepted: 0 mmHg to 500 mmHg");
}

TEST(Render, AWarningWithoutPlaceIsOneLine) {
  Diagnostic d;
  d.level = Level::warning;
  d.message = "nothing to do";
  EXPECT_EQ(render(d), "warning: nothing to do");
}

TEST(Render, WhatWasGivenByItselfHasNoFileAndNoLine) {
  Diagnostic d = example();
  d.file = "";
  d.line = 0;
  EXPECT_EQ(render(d), "error: cuff.pressure: 900 mmHg is out of range\n"
                       "  pressure = \"900 mmHg\"\n"
                       "             ^\n"
                       "  accepted: 0 mmHg to 500 mmHg");
}

TEST(Render, ShowsNearestAndHint) {
  Diagnostic d = example();
  d.accepted = "";
  d.nearest = "pressure";
  d.hint = "a remark";
  EXPECT_TRUE(render(d).ends_with("^\n  nearest: pressure\n  hint: a remark"));
}

TEST(Render, TheCaretStandsUnderItsCharacterBehindTabsAndAccents) {
  Diagnostic d = example();
  d.source_line = "\té = 1";
  d.column = 6;
  EXPECT_NE(render(d).find("  12 | \té = 1\n     | \t    ^"), std::string::npos) << render(d);
}

TEST(Render, AVeryLongLineIsCutAroundTheColumn) {
  Diagnostic d = example();
  d.source_line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  d.column = 5001;
  const std::string text = render(d);
  EXPECT_LT(text.size(), 600U);
  const std::size_t line = text.find("  12 | ") + 7, caret = text.find("     | ") + 7;
  EXPECT_EQ(text[line + (text.find('^') - caret)], 'X');
}

TEST(Render, ControlCharactersDoNotReachTheTerminal) {
  Diagnostic d = example();
  d.source_line = "a = \x1b[31m";
  EXPECT_EQ(render(d).find('\x1b'), std::string::npos);
}

TEST(InputErrorTest, HoldsAndShowsEveryProblem) {
  Diagnostic second = example();
  second.key = "exercise.rest";
  const InputError error({example(), second});
  EXPECT_EQ(error.diagnostics().size(), 2U);
  const std::string text = error.what();
  EXPECT_NE(text.find("cuff.pressure"), std::string::npos);
  EXPECT_NE(text.find("exercise.rest"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\n2 problems"));
}

TEST(Collector, SortsByFileThenPlaceAndThrowsOnlyForErrors) {
  Diagnostics diagnostics;
  Diagnostic d = example();
  d.level = Level::warning;
  diagnostics.add(d);
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_NO_THROW(diagnostics.throw_if_errors());

  Diagnostic other = example();
  other.file = "b.toml";
  diagnostics.add(other);
  Diagnostic earlier = example();
  earlier.line = 3;
  diagnostics.add(earlier);
  const auto sorted = diagnostics.sorted();
  EXPECT_EQ(sorted[0].line, 3);
  EXPECT_EQ(sorted[1].line, 12);
  EXPECT_EQ(sorted[2].file, "b.toml");
  EXPECT_EQ(diagnostics.warnings().size(), 1U);
  EXPECT_THROW(diagnostics.throw_if_errors(), InputError);
}

TEST(EditDistance, CountsEditsAndSwapsWithoutCase) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("presure", "pressure"), 1U);
  EXPECT_EQ(edit_distance("pressrue", "pressure"), 1U); // a swap is one edit
  EXPECT_EQ(edit_distance("mmhg", "mmHg"), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(NearestKey, FindsTheMisspeltAndNothingForTheForeign) {
  const std::vector<std::string> keys{"pressure", "profile", "rest", "sets"};
  EXPECT_EQ(nearest_key("presure", keys), "pressure");
  EXPECT_EQ(nearest_key("REST", keys), "rest");
  EXPECT_EQ(nearest_key("proflie", keys), "profile");
  EXPECT_EQ(nearest_key("temperature_of_the_room", keys), std::nullopt);
  EXPECT_EQ(nearest_key("", keys), std::nullopt);
  EXPECT_EQ(nearest_key("x", std::vector<std::string>{"y"}), std::nullopt); // one letter of one is not near
  EXPECT_EQ(nearest_key(std::string(100000, 'x'), keys), std::nullopt);
}

} // namespace
} // namespace limbflow::core
