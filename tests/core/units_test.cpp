#include "core/units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace limbflow::core {
namespace {

UnitError error_of(std::string_view text, std::vector<Dimension> expected = {}) {
  try {
    parse_quantity(text, expected);
  } catch (const UnitError& error) {
    return error;
  }
  ADD_FAILURE() << "'" << text << "' was accepted";
  return {"", "", "", "", ""};
}

TEST(UnitTable, SymbolsAreUniqueAndTheBaseUnitOfADimensionComesFirst) {
  std::set<std::string_view> symbols;
  std::set<Dimension> seen;
  for (const Unit& unit : unit_table()) {
    EXPECT_TRUE(symbols.insert(unit.symbol).second) << unit.symbol << " is in the table twice";
    if (seen.insert(unit.dimension).second) {
      EXPECT_EQ(base_unit(unit.dimension), unit.symbol);
      EXPECT_EQ(unit.numerator, 1) << unit.symbol;
      EXPECT_EQ(unit.denominator, 1) << unit.symbol;
      EXPECT_EQ(unit.offset, 0) << unit.symbol;
    }
    EXPECT_FALSE(name_of(unit.dimension).empty());
    EXPECT_EQ(units_of(unit.dimension).front(), base_unit(unit.dimension));
  }
}

TEST(UnitTable, ConversionsAreExact) {
  EXPECT_EQ(to_base(60, "%AOP"), 0.6);
  EXPECT_EQ(to_base(7, "%AOP"), 0.07);
  EXPECT_EQ(to_base(29, "%1RM"), 0.29);
  EXPECT_EQ(to_base(1.5, "min"), 90);
  EXPECT_EQ(to_base(2, "h"), 7200);
  EXPECT_EQ(to_base(65, "bpm"), 65.0 / 60.0);
  EXPECT_EQ(to_base(284, "mL/min"), 284.0 / 60.0);
  EXPECT_EQ(to_base(4.2, "mL/100mL/min"), 4.2 / 6000);
  EXPECT_EQ(to_base(1.8, "L"), 1800);
  EXPECT_EQ(to_base(55, "mm"), 5.5);
  EXPECT_EQ(to_base(1.78, "m"), 178);
  EXPECT_EQ(to_base(250, "uM"), 0.25);
  EXPECT_EQ(to_base(3, "mL/100mL"), 0.03);
  EXPECT_EQ(to_base(310.15, "K"), 310.15 - 273.15);
  EXPECT_DOUBLE_EQ(to_base(180, "deg"), std::acos(-1.0));
}

TEST(UnitTable, ANumberIsTheSameToTheBitInEveryUnitThatIsADecimalMultiple) {
  struct Other {
    const char* unit;
    int exponent; // of ten: base value = number * 10^exponent
  };
  const std::map<const char*, std::vector<Other>> families{{"cm", {{"mm", -1}, {"m", 2}, {"um", -4}}}, {"mL", {{"L", 3}, {"cm3", 0}}},
                                                           {"s", {{"ms", -3}}},                       {"kg", {{"g", -3}}},
                                                           {"mM", {{"uM", -3}, {"umol/L", -3}}},       {"J/L", {{"J/mL", 3}}},
                                                           {"%AOP", {{"AOP", 2}}},                    {"cm2", {{"mm2", -2}, {"m2", 4}}}};
  std::mt19937_64 random(20260405);
  std::size_t checks = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string digits = std::to_string(1 + random() % (i % 3 == 0 ? 1000 : i % 3 == 1 ? 1000000 : 1000000000000));
    const int exponent = -static_cast<int>(random() % 9);
    for (const auto& [base, others] : families) {
      const double value = parse_quantity(digits + "e" + std::to_string(exponent) + " " + base).value;
      for (const Other& other : others) {
        const std::string text = digits + "e" + std::to_string(exponent - other.exponent) + " " + other.unit;
        EXPECT_EQ(parse_quantity(text).value, value) << text;
        ++checks;
      }
    }
  }
  std::cout << checks << " checks\n";
  EXPECT_EQ(parse_quantity("0.7 min").value, 42.0);
  EXPECT_EQ(parse_quantity("-0.253 m").value, -25.3);
  EXPECT_EQ(parse_quantity("+1.10 h").value, 3960.0);
  EXPECT_EQ(parse_quantity("0.0 m").value, 0.0);
  EXPECT_EQ(parse_quantity("1234567890123456789012 m").value, 1234567890123456789012.0 * 100.0);
  EXPECT_EQ(parse_quantity("1.5E+2 L").value, 150000.0);
}

TEST(UnitTable, PressureUnitsFollowTheirDefinitions) {
  EXPECT_DOUBLE_EQ(to_base(101.325, "kPa"), 101325 / 133.322387415);
  EXPECT_NEAR(to_base(101.325, "kPa"), 760, 2e-4); // the conventional mmHg is not quite the torr
  EXPECT_DOUBLE_EQ(to_base(10, "cmH2O"), 980.665 / 133.322387415);
}

TEST(UnitTable, EveryUnitConvertsThereAndBack) {
  for (const Unit& unit : unit_table())
    for (const double value : {-3.7, 0.0, 1.0, 123.456})
      EXPECT_NEAR(from_base(to_base(value, unit.symbol), unit.symbol), value, 1e-12 * std::max(300.0, std::abs(value)))
          << unit.symbol;
}

TEST(ParseQuantity, ReadsNumberAndUnit) {
  const Quantity pressure = parse_quantity("20 mmHg");
  EXPECT_EQ(pressure.value, 20);
  EXPECT_EQ(pressure.dimension, Dimension::pressure);
  EXPECT_EQ(pressure.unit, "mmHg");

  const Quantity flow = parse_quantity("  -85.5\tmL/min ");
  EXPECT_EQ(flow.value, -85.5 / 60);
  EXPECT_EQ(flow.given, -85.5);

  EXPECT_EQ(parse_quantity("60%AOP").value, 0.6);
  EXPECT_EQ(parse_quantity("+1.5e1 s").value, 15);
  EXPECT_EQ(parse_quantity("0.57").dimension, Dimension::dimensionless);
  EXPECT_EQ(parse_quantity("57 %").value, 0.57);
}

TEST(ParseQuantity, EveryUnitOfTheTableIsRead) {
  for (const Unit& unit : unit_table()) {
    const Quantity quantity = parse_quantity("2 " + std::string(unit.symbol), unit.dimension);
    EXPECT_EQ(quantity.unit, unit.symbol);
    EXPECT_EQ(quantity.value, to_base(2, unit.symbol));
  }
}

TEST(ParseQuantity, TypographicFormsAndBlanksAreTheSameUnit) {
  EXPECT_EQ(parse_quantity("60 % AOP").value, 0.6);
  EXPECT_EQ(parse_quantity("20 % 1RM").value, 0.2);
  EXPECT_EQ(parse_quantity("3 µM").unit, "uM");
  EXPECT_EQ(parse_quantity("3 μM").unit, "uM");
  EXPECT_EQ(parse_quantity("37 °C").unit, "degC");
  EXPECT_EQ(parse_quantity("3 cm²").unit, "cm2");
  EXPECT_EQ(parse_quantity("3 mmHg·s/mL").unit, "mmHg*s/mL");
  EXPECT_EQ(parse_quantity("3 mmHg * s / mL").unit, "mmHg*s/mL");
}

TEST(ParseQuantity, AMissingUnitListsWhatIsAccepted) {
  const UnitError error = error_of("30", {Dimension::time});
  EXPECT_EQ(error.rule, "missing-unit");
  EXPECT_STREQ(error.what(), "'30' has no unit");
  EXPECT_EQ(error.accepted, "time in s, ms, min, h");
}

TEST(ParseQuantity, AWrongUnitSaysWhatItMeasures) {
  const UnitError error = error_of("30 kg", {Dimension::pressure, Dimension::fraction_of_occlusion});
  EXPECT_EQ(error.rule, "wrong-unit");
  EXPECT_STREQ(error.what(), "'kg' is a unit of mass, not of pressure or fraction of occlusion pressure");
  EXPECT_NE(error.accepted.find("mmHg"), std::string::npos);
  EXPECT_NE(error.accepted.find("%AOP"), std::string::npos);
}

TEST(ParseQuantity, ABarePercentageNamesThePercentageThatIsMeant) {
  EXPECT_EQ(error_of("60 %", {Dimension::fraction_of_occlusion}).nearest, "%AOP");
}

TEST(ParseQuantity, AnUnknownUnitNamesTheNearest) {
  EXPECT_EQ(error_of("30 mmhg", {Dimension::pressure}).nearest, "mmHg");
  EXPECT_EQ(error_of("30 %APO", {Dimension::pressure, Dimension::fraction_of_occlusion}).nearest, "%AOP");
  EXPECT_EQ(error_of("30 furlongs").rule, "unknown-unit");
}

TEST(ParseQuantity, RefusesWhatIsNotAFiniteNumber) {
  for (const std::string_view text :
       {"", "mmHg", "nan s", "inf s", "-inf s", "1e999 s", "--5 s", "+-5 s", "0x10 s", "five s"})
    EXPECT_THROW(parse_quantity(text), UnitError) << text;
  EXPECT_EQ(error_of("1,5 s", {Dimension::time}).hint, "write decimals with a point");
}

TEST(Format, ShortestTextReadsBackTheSameDouble) {
  for (const double value : {0.1, 1.0 / 3.0, 1e-6, 12345678.9, -0.0, 5e-324, 100.0})
    EXPECT_EQ(std::strtod(format_number(value).c_str(), nullptr), value);
  EXPECT_EQ(format_number(0.1), "0.1");
  EXPECT_EQ(format_quantity(0.6, "%AOP"), "60 %AOP");
  EXPECT_EQ(format_quantity(90, "min"), "1.5 min");
  EXPECT_EQ(format_quantity(0.57, "1"), "0.57");
}

TEST(Format, UnknownSymbolsThrow) {
  EXPECT_THROW(to_base(1, "stone"), UnitError);
  EXPECT_THROW(from_base(1, "stone"), UnitError);
}

} // namespace
} // namespace limbflow::core
