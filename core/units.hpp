#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace limbflow::core {

/// What a quantity measures. Every unit belongs to exactly one dimension; the first unit of a dimension in the table is
/// its base unit, in which all computing is done. "Per tissue" quantities are per volume of tissue (mL per mL), so that
/// the usual "mL/100mL" is one of their units.
enum class Dimension {
  dimensionless,                    ///< 1
  fraction_of_occlusion,            ///< fraction of the arterial occlusion pressure, "%AOP"
  fraction_of_maximum_load,         ///< fraction of the one-repetition maximum, "%1RM"
  fraction_of_maximum_force,        ///< fraction of the maximal voluntary contraction, "%MVC"
  pressure,                         ///< mmHg
  volume,                           ///< mL
  flow,                             ///< mL/s
  time,                             ///< s
  age,                              ///< yr
  frequency,                        ///< 1/s, also of rate constants
  length,                           ///< cm
  area,                             ///< cm2
  velocity,                         ///< cm/s
  mass,                             ///< kg
  density,                          ///< g/mL
  temperature,                      ///< degC
  angle,                            ///< rad
  force,                            ///< N
  energy_density,                   ///< J/L
  energy_per_amount,                ///< kJ/mol
  concentration,                    ///< mM
  concentration_rate,               ///< mM/s
  resistance,                       ///< mmHg*s/mL
  conductance,                      ///< mL/s/mmHg
  compliance,                       ///< mL/mmHg
  elastance,                        ///< mmHg/mL
  inertance,                        ///< mmHg*s2/mL
  viscosity,                        ///< mmHg*s
  pressure_rate,                    ///< mmHg/s
  pressure_gradient,                ///< mmHg/cm
  per_pressure,                     ///< 1/mmHg
  per_length,                       ///< 1/cm
  per_volume,                       ///< 1/mL
  per_temperature,                  ///< 1/degC
  per_concentration,                ///< 1/mM
  volume_per_tissue,                ///< mL/mL
  flow_per_tissue,                  ///< mL/mL/s
  compliance_per_tissue,            ///< mL/mL/mmHg
  conductance_per_tissue,           ///< mL/mL/s/mmHg
  resistance_per_tissue,            ///< mmHg*s/(mL/mL)
  elastance_per_tissue,             ///< mmHg/(mL/mL)
  pressure_times_volume_per_tissue, ///< mmHg*mL/mL
  per_age,                          ///< 1/yr
  concentration_per_pressure,       ///< mM/mmHg
  pressure_per_concentration,       ///< mmHg/mM
  diffusing_capacity,               ///< mM/s/mmHg
};

/// One row of the closed table: base value = value * numerator / denominator + offset. Two factors, of which one is 1
/// wherever the ratio is not itself measured, so that "7 %AOP" is 7/100 to the last bit.
struct Unit {
  std::string_view symbol;
  Dimension dimension;
  double numerator = 1;
  double denominator = 1;
  double offset = 0;
};

/// A text that is not a quantity, or not the one that was asked for.
class UnitError : public std::invalid_argument {
public:
  UnitError(std::string rule, const std::string& message, std::string accepted, std::string nearest, std::string hint);
  std::string rule; ///< "missing-unit", "unknown-unit", "wrong-unit", "not-a-number"
  std::string accepted;
  std::string nearest;
  std::string hint;
};

/// A number with its unit: `value` in the base unit of `dimension`, `given` and `unit` as written.
struct Quantity {
  double value;
  Dimension dimension;
  double given;
  std::string_view unit; ///< symbol in the table, lives for ever
};

/// The whole table; within a dimension the base unit comes first.
std::span<const Unit> unit_table();

/// "pressure", "fraction of maximum load", ...
std::string_view name_of(Dimension dimension);

/// Symbol of the unit in which values of this dimension are held.
std::string_view base_unit(Dimension dimension);

/// Symbols accepted for this dimension, base unit first.
std::vector<std::string> units_of(Dimension dimension);

/// The unit with this symbol, or null. Spelling is exact except that the typographic forms of mu, degree, middle dot
/// and superscript 2 and 3 are read as their plain forms, and blanks around "*" and "/" and after "%" do not count ("%
/// AOP").
const Unit* find_unit(std::string_view symbol);

/// Convert to and from the base unit of the symbol's dimension. Throws UnitError for an unknown symbol.
double to_base(double value, std::string_view symbol);
double from_base(double value, std::string_view symbol);

/// Reads "20 mmHg", "60 %AOP", "1.5 s", "0.57" (dimensionless). The number is finite and written with a decimal point.
/// Throws UnitError.
Quantity parse_quantity(std::string_view text);

/// The same where one of the given dimensions is expected; another one is an error that lists the units accepted.
Quantity parse_quantity(std::string_view text, std::span<const Dimension> expected);
Quantity parse_quantity(std::string_view text, Dimension expected);

/// Shortest text that reads back as the same double ("0.1", "1e-06").
std::string format_number(double value);

/// "20 mmHg": a base value shown in the unit asked for, to 12 significant digits; no unit is written for "1".
std::string format_quantity(double base_value, std::string_view symbol);

} // namespace limbflow::core
