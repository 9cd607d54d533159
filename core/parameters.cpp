#include "core/parameters.hpp"

#include "core/toml_document.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <system_error>

namespace limbflow::core {

/// Gathers the definitions of all files before the table is put together.
struct ParameterTable::Reader {
  Diagnostics diagnostics;
  std::vector<Definition> definitions;

  void read(const TomlDocument& document) {
    TableReader root(document.root, "", diagnostics, document.complete);
    for (const TomlValue::Entry& entry : document.root.entries) {
      if (!root.has(entry.key))
        continue;
      if (!entry.value.is_table()) {
        root.error(entry.key, "wrong-kind", "is not a table",
                   "[" + entry.key + "] with value, range, source, description");
        continue;
      }
      if (std::ranges::any_of(definitions, [&](const Definition& d) { return d.parameter.name == entry.key; })) {
        root.error(entry.key, "duplicate-key", "is already defined");
        continue;
      }
      TableReader table = root.table(entry.key);
      read(entry.key, table);
      table.finish();
    }
  }

  void read(const std::string& name, TableReader& table) {
    Definition definition{};
    Parameter& p = definition.parameter;
    p.name = name;
    const auto quantity = quantity_text(table, "value", table.value("value"), std::nullopt);
    p.source = non_empty(table, "source");
    p.description = non_empty(table, "description");
    p.distribution = table.string("distribution", "");
    if (!table.has("value"))
      table.string("value"); // reports that it is missing
    const TomlValue* range = table.value("range");
    if (range == nullptr) {
      table.error("range", "missing-key", "is missing", "[\"lowest\", \"highest\"], each with its unit");
    } else if (!range->is_array() || range->items.size() != 2) {
      table.error("range", "wrong-kind", "is not a pair", "[\"lowest\", \"highest\"], each with its unit");
    } else if (quantity) {
      const auto low = quantity_text(table, "range", &range->items[0], quantity->second.dimension);
      const auto high = quantity_text(table, "range", &range->items[1], quantity->second.dimension);
      if (low && high) {
        definition.dimension = quantity->second.dimension;
        p.value = quantity->second.value;
        p.low = low->second.value;
        p.high = high->second.value;
        p.unit = base_unit(definition.dimension);
        p.text = quantity->first;
        definition.low_text = low->first;
        definition.high_text = high->first;
        if (!(p.low <= p.high))
          table.error("range", "out-of-range", "runs from high to low", "the lower limit first");
        else if (!(p.value >= p.low && p.value <= p.high))
          table.error("value", "out-of-range", p.text + " is outside the range", low->first + " to " + high->first);
      }
    }
    definitions.push_back(std::move(definition));
  }

  static std::string non_empty(TableReader& table, std::string_view key) {
    std::string text = table.string(key);
    if (text.empty() && table.has(key))
      table.error(key, "missing-key", "is empty");
    return text;
  }

  /// The text and the quantity; nothing, and a problem reported, if it is none.
  static std::optional<std::pair<std::string, Quantity>>
  quantity_text(TableReader& table, std::string_view key, const TomlValue* value, std::optional<Dimension> expected) {
    if (value == nullptr)
      return std::nullopt;
    const bool bare = value->kind == TomlValue::Kind::integer || value->kind == TomlValue::Kind::number;
    if (!bare && value->kind != TomlValue::Kind::string) {
      table.error(key, "wrong-kind", "is not a quantity", "a number with its unit, in quotes, or a bare number");
      return std::nullopt;
    }
    const std::string text = bare ? format_number(value->number) : value->text;
    try {
      return std::pair(text, expected ? parse_quantity(text, *expected) : parse_quantity(text));
    } catch (const UnitError& problem) {
      table.error(key, problem.rule, problem.what(), problem.accepted,
                  problem.nearest.empty() ? problem.hint : "the nearest unit is " + problem.nearest);
      return std::nullopt;
    }
  }

  ParameterTable finish() {
    diagnostics.throw_if_errors();
    ParameterTable table;
    std::vector<std::size_t> by_name(definitions.size());
    for (std::size_t i = 0; i < definitions.size(); ++i) {
      by_name[i] = i;
      table.values_.push_back(definitions[i].parameter.value);
    }
    std::ranges::sort(by_name, {}, [&](std::size_t i) { return std::string_view(definitions[i].parameter.name); });
    table.definitions_ = std::make_shared<const std::vector<Definition>>(std::move(definitions));
    table.by_name_ = std::make_shared<const std::vector<std::size_t>>(std::move(by_name));
    return table;
  }
};

ParameterTable::ParameterTable()
    : definitions_(std::make_shared<const std::vector<Definition>>()),
      by_name_(std::make_shared<const std::vector<std::size_t>>()) {}

ParameterTable ParameterTable::load(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  Reader reader;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".toml")
      files.push_back(it->path());
  std::ranges::sort(files);
  for (const fs::path& file : files)
    reader.read(TomlDocument::load(file, reader.diagnostics));
  if (error || files.empty()) {
    Diagnostic d;
    d.rule = "no-parameters";
    d.file = directory.string();
    d.message = error ? "the parameter directory cannot be read: " + error.message()
                      : "there are no parameter files (*.toml) in this directory";
    reader.diagnostics.add(std::move(d));
  }
  return reader.finish();
}

ParameterTable ParameterTable::parse(const std::string& text, const std::string& name) {
  Reader reader;
  reader.read(TomlDocument::parse(text, name, reader.diagnostics));
  return reader.finish();
}

std::size_t ParameterTable::size() const { return definitions_->size(); }

std::optional<std::size_t> ParameterTable::index_of(std::string_view name) const {
  const auto name_at = [&](std::size_t i) { return std::string_view((*definitions_)[i].parameter.name); };
  const auto at = std::ranges::lower_bound(*by_name_, name, {}, name_at);
  return at != by_name_->end() && name_at(*at) == name ? std::optional(*at) : std::nullopt;
}

bool ParameterTable::contains(std::string_view name) const { return index_of(name).has_value(); }

double ParameterTable::value(std::string_view name) const {
  const auto index = index_of(name);
  if (!index)
    throw std::out_of_range("there is no parameter '" + std::string(name) + "'");
  return values_[*index];
}

Parameter ParameterTable::at(std::string_view name) const {
  const auto index = index_of(name);
  if (!index)
    throw std::out_of_range("there is no parameter '" + std::string(name) + "'");
  Parameter p = (*definitions_)[*index].parameter;
  p.value = values_[*index];
  if (const auto text = std::ranges::find(changed_, *index, &std::pair<std::size_t, std::string>::first);
      text != changed_.end())
    p.text = text->second;
  return p;
}

std::vector<Parameter> ParameterTable::parameters() const {
  std::vector<Parameter> out;
  for (const Definition& definition : *definitions_)
    out.push_back(at(definition.parameter.name));
  return out;
}

std::vector<std::string> ParameterTable::names() const {
  std::vector<std::string> out;
  for (const Definition& definition : *definitions_)
    out.push_back(definition.parameter.name);
  return out;
}

std::optional<Diagnostic> ParameterTable::problem(std::string_view name, const std::string& text) const {
  Diagnostic d;
  d.key = "parameters." + std::string(name);
  d.value = text;
  const auto index = index_of(name);
  if (!index) {
    const std::vector<std::string> known = names();
    d.rule = "unknown-key";
    d.message = "is not a known parameter";
    d.nearest = nearest_key(name, known).value_or("");
    return d;
  }
  const Definition& definition = (*definitions_)[*index];
  const std::string range = definition.low_text + " to " + definition.high_text;
  try {
    const double value = parse_quantity(text, definition.dimension).value;
    if (value >= definition.parameter.low && value <= definition.parameter.high)
      return std::nullopt;
    d.rule = "out-of-range";
    d.message = text + " is out of range";
    d.accepted = range;
  } catch (const UnitError& error) {
    d.rule = error.rule;
    d.message = error.what();
    d.accepted = range + " (in " + join(units_of(definition.dimension)) + ")";
    d.nearest = error.nearest;
    d.hint = error.hint;
  }
  return d;
}

void ParameterTable::set(std::string_view name, const std::string& text) {
  if (std::optional<Diagnostic> wrong = problem(name, text))
    throw InputError(std::move(*wrong));
  const std::size_t index = *index_of(name);
  values_[index] = parse_quantity(text, (*definitions_)[index].dimension).value;
  std::erase_if(changed_, [&](const auto& change) { return change.first == index; });
  changed_.emplace_back(index, text);
}

ParameterTable ParameterTable::defaults() const {
  ParameterTable table = *this;
  table.changed_.clear();
  for (std::size_t i = 0; i < table.values_.size(); ++i)
    table.values_[i] = (*definitions_)[i].parameter.value;
  return table;
}

} // namespace limbflow::core
