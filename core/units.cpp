#include "core/units.hpp"

#include "core/diagnostics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace limbflow::core {
namespace {

// 1 mmHg = 133.322387415 Pa (conventional millimetre of mercury, NIST SP 811 appendix B.8); 1 cmH2O = 98.0665 Pa.
constexpr double pascals_per_mmhg = 133.322387415;

using D = Dimension;

// Base unit first within each dimension. Adding a unit is adding a row here.
constexpr auto table = std::to_array<Unit>({
    {"1", D::dimensionless},
    {"%", D::dimensionless, 1, 100},
    {"AOP", D::fraction_of_occlusion},
    {"%AOP", D::fraction_of_occlusion, 1, 100},
    {"1RM", D::fraction_of_maximum_load},
    {"%1RM", D::fraction_of_maximum_load, 1, 100},
    {"MVC", D::fraction_of_maximum_force},
    {"%MVC", D::fraction_of_maximum_force, 1, 100},
    {"mmHg", D::pressure},
    {"kPa", D::pressure, 1000, pascals_per_mmhg},
    {"Pa", D::pressure, 1, pascals_per_mmhg},
    {"cmH2O", D::pressure, 98.0665, pascals_per_mmhg},
    {"mL", D::volume},
    {"L", D::volume, 1000},
    {"cm3", D::volume},
    {"mL/s", D::flow},
    {"mL/min", D::flow, 1, 60},
    {"L/min", D::flow, 1000, 60},
    {"s", D::time},
    {"ms", D::time, 1, 1000},
    {"min", D::time, 60},
    {"h", D::time, 3600},
    {"yr", D::age},
    {"years", D::age},
    {"1/s", D::frequency},
    {"Hz", D::frequency},
    {"1/min", D::frequency, 1, 60},
    {"bpm", D::frequency, 1, 60},
    {"cm", D::length},
    {"mm", D::length, 1, 10},
    {"m", D::length, 100},
    {"um", D::length, 1, 10000},
    {"cm2", D::area},
    {"mm2", D::area, 1, 100},
    {"m2", D::area, 10000},
    {"cm/s", D::velocity},
    {"mm/s", D::velocity, 1, 10},
    {"m/s", D::velocity, 100},
    {"kg", D::mass},
    {"g", D::mass, 1, 1000},
    {"g/mL", D::density},
    {"kg/m3", D::density, 1, 1000},
    {"degC", D::temperature},
    {"K", D::temperature, 1, 1, -273.15},
    {"rad", D::angle},
    {"deg", D::angle, 3.14159265358979323846, 180},
    {"N", D::force},
    {"J/L", D::energy_density},
    {"kJ/m3", D::energy_density},
    {"J/mL", D::energy_density, 1000},
    {"kJ/mol", D::energy_per_amount},
    {"J/mmol", D::energy_per_amount},
    {"mM", D::concentration},
    {"mmol/L", D::concentration},
    {"uM", D::concentration, 1, 1000},
    {"umol/L", D::concentration, 1, 1000},
    {"mM/s", D::concentration_rate},
    {"mM/min", D::concentration_rate, 1, 60},
    {"uM/s", D::concentration_rate, 1, 1000},
    {"mmHg*s/mL", D::resistance},
    {"mmHg*min/mL", D::resistance, 60},
    {"mL/s/mmHg", D::conductance},
    {"mL/min/mmHg", D::conductance, 1, 60},
    {"mL/mmHg", D::compliance},
    {"mmHg/mL", D::elastance},
    {"mmHg*s2/mL", D::inertance},
    {"mmHg*s", D::viscosity},
    {"mPa*s", D::viscosity, 1, 1000 * pascals_per_mmhg},
    {"mmHg/s", D::pressure_rate},
    {"mmHg/min", D::pressure_rate, 1, 60},
    {"mmHg/cm", D::pressure_gradient},
    {"1/mmHg", D::per_pressure},
    {"%/mmHg", D::per_pressure, 1, 100},
    {"1/cm", D::per_length},
    {"1/mL", D::per_volume},
    {"1/degC", D::per_temperature},
    {"%/degC", D::per_temperature, 1, 100},
    {"1/mM", D::per_concentration},
    {"mL/mL", D::volume_per_tissue},
    {"mL/100mL", D::volume_per_tissue, 1, 100},
    {"mL/mL/s", D::flow_per_tissue},
    {"mL/100mL/min", D::flow_per_tissue, 1, 6000},
    {"mL/100mL/s", D::flow_per_tissue, 1, 100},
    {"mL/mL/mmHg", D::compliance_per_tissue},
    {"mL/100mL/mmHg", D::compliance_per_tissue, 1, 100},
    {"mL/mL/s/mmHg", D::conductance_per_tissue},
    {"mL/100mL/min/mmHg", D::conductance_per_tissue, 1, 6000},
    {"mmHg*s/(mL/mL)", D::resistance_per_tissue},
    {"mmHg*s/(mL/100mL)", D::resistance_per_tissue, 100},
    {"mmHg/(mL/mL)", D::elastance_per_tissue},
    {"mmHg/(mL/100mL)", D::elastance_per_tissue, 100},
    {"mmHg*mL/mL", D::pressure_times_volume_per_tissue},
    {"mmHg*mL/100mL", D::pressure_times_volume_per_tissue, 1, 100},
    {"1/yr", D::per_age},
    {"mM/mmHg", D::concentration_per_pressure},
    {"mmHg/mM", D::pressure_per_concentration},
    {"mM/s/mmHg", D::diffusing_capacity},
});

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> typographic{{{"\u00B7", "*"},
                                                                                    {"\u22C5", "*"},
                                                                                    {"\u00B5", "u"},
                                                                                    {"\u03BC", "u"},
                                                                                    {"\u00B0", "deg"},
                                                                                    {"\u00B2", "2"},
                                                                                    {"\u00B3", "3"}}};

bool blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string plain_symbol(std::string_view symbol) {
  std::string text(trim(symbol));
  for (const auto& [from, to] : typographic)
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  const auto operation = [](char c) { return c == '*' || c == '/'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (blank(text[i])) {
      const std::size_t next = text.find_first_not_of(" \t", i); // never npos: the text is trimmed
      if (operation(text[next]) || operation(out.back()) || out.back() == '%')
        continue;
    }
    out += text[i];
  }
  return out;
}

std::string accepted_units(std::span<const Dimension> dimensions) {
  std::string out;
  for (const Dimension dimension : dimensions) {
    if (!out.empty())
      out += ", or ";
    out += std::string(name_of(dimension)) + " in " + join(units_of(dimension));
  }
  return out;
}

std::string names_of(std::span<const Dimension> dimensions) {
  std::string out;
  for (const Dimension dimension : dimensions) {
    if (!out.empty())
      out += " or ";
    out += name_of(dimension);
  }
  return out;
}

std::vector<std::string> symbols_of(std::span<const Dimension> dimensions) {
  std::vector<std::string> out;
  for (const Unit& unit : table)
    if (dimensions.empty() || std::ranges::find(dimensions, unit.dimension) != dimensions.end())
      out.emplace_back(unit.symbol);
  return out;
}

[[noreturn]] void throw_unknown_unit(std::string_view symbol, std::span<const Dimension> expected) {
  const std::vector<std::string> candidates = symbols_of(expected);
  throw UnitError("unknown-unit", "'" + std::string(symbol) + "' is not a known unit", accepted_units(expected),
                  nearest_key(symbol, candidates).value_or(""), "");
}

const Unit& unit_of(std::string_view symbol) {
  const Unit* unit = find_unit(symbol);
  if (unit == nullptr)
    throw_unknown_unit(symbol, {});
  return *unit;
}

double to_base(double value, const Unit& unit) { return value * unit.numerator / unit.denominator + unit.offset; }

/// The same of a number as it is written: a whole numerator and a denominator that is a power of ten work on its digits before they become
/// a double, so that what is the same length in metres and in millimetres is the same to the last bit.
double to_base(std::string_view number, double value, const Unit& unit) {
  constexpr double largest_numerator = 1e6;
  constexpr std::size_t most_digits = 18; // with the numerator they fit into an integer of 128 bits
  if (unit.numerator != std::trunc(unit.numerator) || unit.numerator > largest_numerator)
    return to_base(value, unit);
  long exponent = 0;
  double denominator = unit.denominator;
  if (const long power = std::lround(std::log10(denominator)); power > 0 && std::pow(10.0, power) == denominator) {
    exponent = -power;
    denominator = 1;
  }
  const std::size_t exponent_mark = std::min(number.find_first_of("eE"), number.size());
  if (exponent_mark < number.size()) {
    std::string_view written = number.substr(exponent_mark + 1);
    if (written.starts_with('+'))
      written.remove_prefix(1);
    long shift = 0;
    constexpr long far = 1000; // beyond what a double holds
    if (std::from_chars(written.data(), written.data() + written.size(), shift).ec != std::errc() || shift < -far || shift > far)
      return to_base(value, unit);
    exponent += shift;
  }
  const bool negative = number.starts_with('-');
  __extension__ unsigned __int128 digits = 0;
  std::size_t count = 0;
  bool after_point = false;
  for (const char c : number.substr(negative ? 1 : 0, exponent_mark - (negative ? 1 : 0))) {
    if (c == '.') {
      after_point = true;
      continue;
    }
    digits = 10 * digits + static_cast<unsigned>(c - '0');
    count += digits > 0;
    exponent -= after_point;
    if (count > most_digits)
      return to_base(value, unit);
  }
  digits *= static_cast<unsigned>(unit.numerator);
  std::string text;
  for (; digits > 0; digits /= 10)
    text += static_cast<char>('0' + static_cast<int>(digits % 10));
  text += negative ? "0-" : "0";
  std::ranges::reverse(text);
  text += "e" + std::to_string(exponent);
  double scaled = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), scaled).ec != std::errc())
    return to_base(value, unit);
  return scaled / denominator + unit.offset;
}

} // namespace

UnitError::UnitError(std::string rule_, const std::string& message, std::string accepted_, std::string nearest_,
                     std::string hint_)
    : std::invalid_argument(message), rule(std::move(rule_)), accepted(std::move(accepted_)),
      nearest(std::move(nearest_)), hint(std::move(hint_)) {}

std::span<const Unit> unit_table() { return table; }

std::string_view name_of(Dimension dimension) {
  switch (dimension) {
  case D::dimensionless:
    return "dimensionless number";
  case D::fraction_of_occlusion:
    return "fraction of occlusion pressure";
  case D::fraction_of_maximum_load:
    return "fraction of maximum load";
  case D::fraction_of_maximum_force:
    return "fraction of maximum force";
  case D::pressure:
    return "pressure";
  case D::volume:
    return "volume";
  case D::flow:
    return "flow";
  case D::time:
    return "time";
  case D::age:
    return "age";
  case D::frequency:
    return "frequency";
  case D::length:
    return "length";
  case D::area:
    return "area";
  case D::velocity:
    return "velocity";
  case D::mass:
    return "mass";
  case D::density:
    return "density";
  case D::temperature:
    return "temperature";
  case D::angle:
    return "angle";
  case D::force:
    return "force";
  case D::energy_density:
    return "energy per volume";
  case D::energy_per_amount:
    return "energy per amount of substance";
  case D::concentration:
    return "concentration";
  case D::concentration_rate:
    return "rate of concentration";
  case D::resistance:
    return "resistance";
  case D::conductance:
    return "conductance";
  case D::compliance:
    return "compliance";
  case D::elastance:
    return "elastance";
  case D::inertance:
    return "inertance";
  case D::viscosity:
    return "viscosity";
  case D::pressure_rate:
    return "rate of pressure";
  case D::pressure_gradient:
    return "pressure per length";
  case D::per_pressure:
    return "change per pressure";
  case D::per_length:
    return "change per length";
  case D::per_volume:
    return "change per volume";
  case D::per_temperature:
    return "change per temperature";
  case D::per_concentration:
    return "change per concentration";
  case D::volume_per_tissue:
    return "volume per tissue";
  case D::flow_per_tissue:
    return "flow per tissue";
  case D::compliance_per_tissue:
    return "compliance per tissue";
  case D::conductance_per_tissue:
    return "conductance per tissue";
  case D::resistance_per_tissue:
    return "resistance per tissue";
  case D::elastance_per_tissue:
    return "elastance per tissue";
  case D::pressure_times_volume_per_tissue:
    return "pressure times volume per tissue";
  case D::per_age:
    return "change per year of age";
  case D::concentration_per_pressure:
    return "concentration per pressure";
  case D::pressure_per_concentration:
    return "pressure per concentration";
  case D::diffusing_capacity:
    return "diffusing capacity";
  }
  throw std::logic_error("a dimension without a name");
}

std::string_view base_unit(Dimension dimension) {
  const auto unit = std::ranges::find(table, dimension, &Unit::dimension);
  if (unit == table.end())
    throw std::logic_error("a dimension without units");
  return unit->symbol;
}

std::vector<std::string> units_of(Dimension dimension) { return symbols_of(std::span(&dimension, 1)); }

const Unit* find_unit(std::string_view symbol) {
  const auto same = [](std::string_view s) {
    const auto unit = std::ranges::find(table, s, &Unit::symbol);
    return unit == table.end() ? nullptr : &*unit;
  };
  const Unit* unit = same(symbol);
  return unit != nullptr ? unit : same(plain_symbol(symbol));
}

double to_base(double value, std::string_view symbol) { return to_base(value, unit_of(symbol)); }

double from_base(double value, std::string_view symbol) {
  const Unit& unit = unit_of(symbol);
  return (value - unit.offset) * unit.denominator / unit.numerator;
}

Quantity parse_quantity(std::string_view text, std::span<const Dimension> expected) {
  const std::string_view body = trim(text);
  const std::string shown = std::string("'").append(text).append("'");
  std::string_view digits = body;
  if (digits.size() > 1 && digits.front() == '+' && digits[1] != '-')
    digits.remove_prefix(1);
  double given = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), given);
  if (error == std::errc::result_out_of_range)
    throw UnitError("not-a-number", shown + " is too large or too small a number", accepted_units(expected), "", "");
  if (error != std::errc() || !std::isfinite(given))
    throw UnitError("not-a-number", shown + " is not a number with a unit", accepted_units(expected), "", "");
  const std::string_view symbol = trim(digits.substr(static_cast<std::size_t>(end - digits.data())));
  if (symbol.starts_with(','))
    throw UnitError("not-a-number", shown + " is not a number with a unit", accepted_units(expected), "",
                    "write decimals with a point");

  const Unit* unit = symbol.empty() ? find_unit("1") : find_unit(symbol);
  if (unit == nullptr)
    throw_unknown_unit(symbol, expected);
  if (!expected.empty() && std::ranges::find(expected, unit->dimension) == expected.end()) {
    if (symbol.empty())
      throw UnitError("missing-unit", shown + " has no unit", accepted_units(expected), "", "");
    const std::vector<std::string> candidates = symbols_of(expected);
    std::string nearest;
    for (const std::string& candidate : candidates) // a bare "%" where a fraction of something is asked for
      if (nearest.empty() && candidate.size() > symbol.size() && candidate.starts_with(symbol))
        nearest = candidate;
    throw UnitError("wrong-unit",
                    "'" + std::string(symbol) + "' is a unit of " + std::string(name_of(unit->dimension)) +
                        ", not of " + names_of(expected),
                    accepted_units(expected), nearest, "");
  }
  const std::string_view number = digits.substr(0, static_cast<std::size_t>(end - digits.data()));
  return {to_base(number, given, *unit), unit->dimension, given, unit->symbol};
}

Quantity parse_quantity(std::string_view text, Dimension expected) {
  return parse_quantity(text, std::span(&expected, 1));
}

Quantity parse_quantity(std::string_view text) { return parse_quantity(text, std::span<const Dimension>()); }

std::string format_number(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), error == std::errc() ? end : buffer.data());
}

std::string format_quantity(double base_value, std::string_view symbol) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), from_base(base_value, symbol),
                                          std::chars_format::general, 12);
  const std::string number(buffer.data(), error == std::errc() ? end : buffer.data());
  return symbol == "1" ? number : number + " " + std::string(symbol);
}

} // namespace limbflow::core
