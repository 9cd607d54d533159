#pragma once

#include "core/diagnostics.hpp"
#include "core/units.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace limbflow::core {

/// A named number of a model. `value`, `low` and `high` are in `unit`, which is the base unit of the dimension
/// (core/units.hpp).
struct Parameter {
  std::string name;
  double value = 0;
  double low = 0;
  double high = 0;
  std::string unit;
  std::string source; ///< citation, or "estimated: how"
  std::string description;
  std::string distribution; ///< how a population spreads, empty if nothing is said
  std::string text;         ///< the value as written, "12 mL/100mL/min"
};

/// The parameters of a model with their present values. Read from TOML tables:
///
///     [artery_closing_transmural_pressure]
///     value = "-5 mmHg"
///     range = ["-15 mmHg", "5 mmHg"]
///     source = "Drzewiecki & Pilla 1998, Ann Biomed Eng 26:965"
///     description = "Transmural pressure at which the artery under the cuff buckles"
///     distribution = "normal"    # optional
///
/// Copies share everything but the values, so that each member of a sweep can have its own.
class ParameterTable {
public:
  ParameterTable();

  /// Reads every *.toml file of a directory, in order of name. Throws InputError with the problems of all files: a
  /// parameter without value, range, source or description, a value outside its range, a name given twice, ... A
  /// directory without any parameter is an error too.
  static ParameterTable load(const std::filesystem::path& directory);

  /// The same from one text; `name` stands for the file in messages.
  static ParameterTable parse(const std::string& text, const std::string& name);

  std::size_t size() const;
  bool contains(std::string_view name) const;

  /// Present value in base units. Throws std::out_of_range for an unknown name.
  double value(std::string_view name) const;

  /// Everything about one parameter, with its present value. Throws std::out_of_range for an unknown name.
  Parameter at(std::string_view name) const;

  /// Everything, in the order of the files.
  std::vector<Parameter> parameters() const;
  std::vector<std::string> names() const;

  /// Gives a parameter another value, "12 mmHg". Throws InputError if the name is unknown, the unit is wrong or the
  /// value is outside the parameter's range.
  void set(std::string_view name, const std::string& text);

  /// What `set` would complain about (without a place), or nothing.
  std::optional<Diagnostic> problem(std::string_view name, const std::string& text) const;

  /// The same table with every value as in the files.
  ParameterTable defaults() const;

private:
  struct Definition {
    Parameter parameter;
    Dimension dimension;
    std::string low_text, high_text;
  };
  struct Reader;
  std::optional<std::size_t> index_of(std::string_view name) const;

  std::shared_ptr<const std::vector<Definition>> definitions_; ///< sorted by file, as read
  std::shared_ptr<const std::vector<std::size_t>> by_name_;    ///< indices sorted by name
  std::vector<double> values_;
  std::vector<std::pair<std::size_t, std::string>> changed_; ///< texts of values that differ from the files
};

} // namespace limbflow::core
