#include "models/sweep_axes.hpp"

#include "core/sweep.hpp"
#include "models/input_text.hpp"
#include "models/shipped_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace limbflow::models {

namespace fs = std::filesystem;

using core::Diagnostic;
using core::Diagnostics;
using core::InputError;
using core::TableReader;
using core::TomlDocument;
using core::TomlValue;

namespace {

constexpr std::size_t most_axis_values = 100'000;
constexpr std::size_t most_members = 100'000'000;
constexpr std::size_t most_checked_values = 1000;

[[noreturn]] void refuse_axis(const std::string& key, const std::string& text, std::string rule, std::string message,
                              std::string accepted = "") {
  Diagnostic d = problem("", std::move(rule), key, std::move(message));
  d.value = text;
  d.accepted = std::move(accepted);
  throw InputError(std::move(d));
}

constexpr std::string_view axis_forms =
    "\"0..100 %AOP / 11\" (first, last, how many), or a list such as \"10, 20, 30 %1RM\"";

/// `steps` values from `first` to `last`, ends included, as texts in the unit of `last`.
std::vector<std::string> range_texts(const std::string& key, const std::string& first, const std::string& last,
                                     std::int64_t steps) {
  const std::string shown = first + ".." + last + " / " + std::to_string(steps);
  if (steps < 2 || steps > static_cast<std::int64_t>(most_axis_values))
    refuse_axis(key, shown, "out-of-range", std::to_string(steps) + " values are out of range",
                "2 to " + std::to_string(most_axis_values));
  try {
    const core::Quantity end = core::parse_quantity(last);
    core::Quantity begin = core::parse_quantity(first);
    if (begin.unit == "1" && end.unit != "1")
      begin = core::parse_quantity(first + " " + std::string(end.unit)); // "0..100 %AOP"
    else
      begin = core::parse_quantity(first, end.dimension);
    const double low = begin.unit == end.unit ? begin.given : core::from_base(begin.value, end.unit), high = end.given;
    if (low == high)
      refuse_axis(key, shown, "out-of-range", "the range starts where it ends");
    std::vector<std::string> texts;
    for (const double value : core::grid_points(low, high, static_cast<std::size_t>(steps)))
      texts.push_back(core::format_number(value) + (end.unit == "1" ? "" : " " + std::string(end.unit)));
    return texts;
  } catch (const core::UnitError& error) {
    refuse_axis(key, shown, error.rule, error.what(), error.accepted);
  }
}

/// Bare numbers of a list take the unit of its last entry: "10, 20, 30 %1RM".
void spread_unit(std::vector<std::string>& texts) {
  try {
    const core::Quantity last = core::parse_quantity(texts.back());
    if (last.unit == "1")
      return;
    for (std::string& text : texts)
      if (core::parse_quantity(text).unit == "1")
        text += " " + std::string(last.unit);
  } catch (const core::UnitError&) { // names, or something that is reported where it is used
  }
}

std::vector<std::string> list_texts(const TomlValue& list) {
  std::vector<std::string> texts;
  for (const TomlValue& item : list.items)
    texts.push_back(item.kind == TomlValue::Kind::string ? item.text : to_toml(item));
  return texts;
}

/// The values of an axis in a file: { from, to, steps }, a list, or the text of one line.
SweepAxis axis_of_value(const Scenario& scenario, const std::string& key, const TomlValue& value) {
  if (value.kind == TomlValue::Kind::string)
    return parse_axis(scenario, key, value.text);
  if (value.is_array())
    return make_axis(scenario, key, list_texts(value));
  if (!value.is_table())
    refuse_axis(key, to_toml(value), "wrong-kind", "is not an axis", std::string(axis_forms));
  Diagnostics diagnostics;
  TableReader reader(value, key, diagnostics);
  const std::string from = reader.string("from"), to = reader.string("to");
  const std::int64_t steps = reader.integer("steps", 2, static_cast<std::int64_t>(most_axis_values));
  reader.finish();
  diagnostics.throw_if_errors();
  return make_axis(scenario, key, range_texts(key, from, to, steps));
}

bool is_axis(const TomlValue& value) {
  return !value.is_table() || value.entries.empty() ||
         std::ranges::any_of(value.entries, [](const TomlValue::Entry& entry) {
           return entry.key == "from" || entry.key == "to" || entry.key == "steps";
         });
}

/// `cuff.pressure = {...}` without quotes is a table in a table: the axes with their dotted keys.
void collect_axes(const TomlValue& table, const std::string& prefix,
                  std::vector<std::pair<std::string, const TomlValue*>>& out) {
  for (const TomlValue::Entry& entry : table.entries) {
    const std::string key = prefix.empty() ? entry.key : prefix + "." + entry.key;
    if (is_axis(entry.value))
      out.emplace_back(key, &entry.value);
    else
      collect_axes(entry.value, key, out);
  }
}

} // namespace

SweepAxis make_axis(const Scenario& scenario, const std::string& key, const std::vector<std::string>& texts) {
  SweepAxis axis;
  axis.key = canonical_key(scenario, key);
  axis.texts = texts;
  if (texts.empty() || texts.size() > most_axis_values)
    refuse_axis(axis.key, "", "out-of-range", std::to_string(texts.size()) + " values are out of range",
                "1 to " + std::to_string(most_axis_values));
  try {
    for (const std::string& text : texts) {
      const core::Quantity value = core::parse_quantity(text);
      if (axis.unit.empty())
        axis.unit = value.unit;
      else if (core::find_unit(axis.unit)->dimension != value.dimension)
        refuse_axis(axis.key, text, "wrong-unit",
                    "'" + text + "' is a " + std::string(core::name_of(value.dimension)) +
                        ", other values of the axis are not",
                    core::join(core::units_of(core::find_unit(axis.unit)->dimension)));
      axis.values.push_back(value.unit == axis.unit ? value.given : core::from_base(value.value, axis.unit));
    }
  } catch (const core::UnitError&) { // not all of them quantities: names
    axis.unit.clear();
    axis.values.resize(texts.size());
    std::iota(axis.values.begin(), axis.values.end(), 0.0);
  }
  std::set<std::string> seen_texts;
  std::set<double> seen_values;
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (!seen_texts.insert(texts[i]).second || !seen_values.insert(axis.values[i]).second)
      refuse_axis(axis.key, texts[i], "duplicate-value", "'" + texts[i] + "' is in the axis twice");

  Diagnostics diagnostics;
  std::set<std::array<std::string, 3>> told;
  const std::size_t stride = (texts.size() + most_checked_values - 1) / most_checked_values;
  for (std::size_t i = 0; i < texts.size();
       i = i + 1 == texts.size() ? i + 1 : std::min(i + stride, texts.size() - 1)) {
    try {
      with(scenario, {{axis.key, texts[i]}});
    } catch (const InputError& error) {
      for (const Diagnostic& d : error.diagnostics())
        if (told.insert({d.rule, d.key, d.message}).second) // once for all values
          diagnostics.add(d);
    }
  }
  diagnostics.throw_if_errors();
  return axis;
}

SweepAxis parse_axis(const Scenario& scenario, const std::string& key, const std::string& text) {
  const std::string path = canonical_key(scenario, key);
  if (const TomlValue value = core::value_from_text(key, text); value.is_array())
    return make_axis(scenario, path, list_texts(value));
  if (const std::size_t dots = text.find(".."); dots != std::string::npos) {
    const std::size_t slash = text.rfind('/');
    std::int64_t steps = 0;
    const std::string count = slash == std::string::npos || slash < dots ? "" : trim(text.substr(slash + 1));
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), steps);
    if (count.empty() || error != std::errc() || end != count.data() + count.size())
      refuse_axis(path, text, "not-an-axis", "'" + text + "' does not say how many values", std::string(axis_forms));
    return make_axis(
        scenario, path,
        range_texts(path, trim(text.substr(0, dots)), trim(text.substr(dots + 2, slash - dots - 2)), steps));
  }
  std::string list = trim(text);
  if (list.size() > 1 && list.front() == '[' && list.back() == ']')
    list = list.substr(1, list.size() - 2);
  std::vector<std::string> texts = split(list, ',');
  for (std::string& item : texts)
    item = trim(item);
  if (std::ranges::find(texts, "") != texts.end())
    refuse_axis(path, text, "not-an-axis", "'" + text + "' has an empty value", std::string(axis_forms));
  spread_unit(texts);
  return make_axis(scenario, path, texts);
}

SweepSpec load_sweep(const fs::path& path_or_name, std::span<const std::string> further_tables) {
  const auto path = find_input(path_or_name, "", sweeps_folder);
  if (!path)
    throw InputError(not_found(path_or_name, sweeps_folder));
  Diagnostics diagnostics;
  const TomlDocument document = TomlDocument::load(*path, diagnostics);
  TableReader root(document.root, "", diagnostics, document.complete);
  SweepSpec sweep;
  sweep.title = root.string("title", path->stem().string());
  root.string("description", "");
  sweep.files = {path->string()};
  const std::string base = root.string("scenario");
  bool has_base = false;
  if (!base.empty()) {
    if (const auto found = find_input(base, path->parent_path(), protocol_folder)) {
      try {
        sweep.base = load_scenario(*found);
        has_base = true;
        sweep.files.insert(sweep.files.end(), sweep.base.files.begin(), sweep.base.files.end());
      } catch (const InputError& error) {
        for (const Diagnostic& d : error.diagnostics())
          diagnostics.add(d);
      }
    } else {
      root.add("scenario", not_found(base, protocol_folder));
    }
  }
  std::vector<std::pair<std::string, const TomlValue*>> axes;
  TableReader axes_reader = root.table("axes");
  if (const TomlValue* table = document.root.find("axes"); table != nullptr && table->is_table())
    collect_axes(*table, "", axes);
  const bool has_more = std::ranges::count_if(further_tables, [&](const std::string& table) { return root.has(table); }) > 0;
  if (axes.empty() && !has_more && document.complete)
    root.error("axes", "missing-key", "there are no axes",
               "[axes] with \"cuff.pressure\" = { from = \"0 %AOP\", to = \"100 %AOP\", steps = 11 }");
  for (const auto& [key, value] : axes) {
    if (!has_base)
      break;
    TomlValue alone; // so that problems point at this axis
    alone.entries.push_back({key, value->place, *value});
    TableReader reader(alone, "axes", diagnostics);
    try {
      SweepAxis axis = axis_of_value(sweep.base, key, *value);
      if (std::ranges::find(sweep.axes, axis.key, &SweepAxis::key) != sweep.axes.end())
        reader.error(key, "duplicate-key", "there is another axis of " + axis.key);
      sweep.axes.push_back(std::move(axis));
    } catch (const InputError& error) {
      for (const Diagnostic& d : error.diagnostics())
        if (d.file == path->string())
          diagnostics.add(d);
        else
          reader.add(key, d);
    }
  }
  root.finish();
  diagnostics.throw_if_errors();
  member_count(sweep.axes);
  return sweep;
}

std::size_t member_count(const std::vector<SweepAxis>& axes) {
  std::size_t count = 1;
  for (const SweepAxis& axis : axes) {
    if (axis.texts.size() > most_members / count)
      refuse_axis(axis.key, "", "out-of-range", "the sweep has too many members",
                  "at most " + std::to_string(most_members));
    count *= axis.texts.size();
  }
  return count;
}

} // namespace limbflow::models
