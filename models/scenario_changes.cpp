#include "models/input_text.hpp"
#include "models/scenario_reader.hpp"
#include "models/shipped_files.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace limbflow::models {

using core::Diagnostic;
using core::Diagnostics;
using core::InputError;
using core::join;
using core::nearest_key;
using core::TomlDocument;
using core::TomlValue;

namespace {

// What a cuff file says of the cuff itself; the other keys of [cuff] say what a protocol does with it.
constexpr std::array<std::string_view, 6> cuff_itself{"name", "kind", "limb", "width", "material", "device"};

bool known_key(std::string_view key) {
  return std::ranges::any_of(scenario_file_keys, [&](std::string_view known) {
    return known == key || (known.starts_with(key) && known[key.size()] == '.');
  });
}

bool is_index(std::string_view word) {
  return !word.empty() && word.size() < 5 && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

/// "exercise.2.load" as "exercise.load"
std::string without_index(std::string_view key) {
  std::vector<std::string> words = split(key, '.');
  if (words.size() > 1 && words[0] == "exercise" && is_index(words[1]))
    words.erase(words.begin() + 1);
  return join(words, ".");
}

std::string last_word(std::string_view key) { return std::string(key.substr(key.rfind('.') + 1)); }

/// The dotted key meant by a word, or what is wrong with it.
std::pair<std::string, std::optional<Diagnostic>> resolve_key(const core::ParameterTable& parameters,
                                                              const std::string& key) {
  constexpr std::string_view parameter_prefix = "parameters.";
  if (key.starts_with(parameter_prefix)) {
    const std::string name = key.substr(parameter_prefix.size());
    if (parameters.contains(name))
      return {key, std::nullopt};
    return {"", parameters.problem(name, "")};
  }
  if (known_key(without_index(key)) && key != "extends")
    return {key, std::nullopt};
  std::vector<std::string> meant, candidates;
  for (const std::string_view known : scenario_file_keys) {
    if (known == "extends")
      continue;
    std::string underscored(known);
    std::ranges::replace(underscored, '.', '_');
    if (underscored == key)
      return {std::string(known), std::nullopt};
    if (last_word(known) == key)
      meant.emplace_back(known);
    candidates.emplace_back(known);
  }
  if (meant.size() == 1)
    return {meant.front(), std::nullopt};
  if (meant.empty() && parameters.contains(key))
    return {std::string(parameter_prefix) + key, std::nullopt};

  Diagnostic d = problem("", "unknown-key", key, "is not a known key");
  if (meant.empty()) // the name of a table, such as tempo
    for (const std::string_view known : scenario_file_keys)
      if (("." + std::string(known)).find("." + key + ".") != std::string::npos)
        meant.emplace_back(known);
  if (!meant.empty()) {
    d.rule = "ambiguous-key";
    d.message = "could be one of several keys";
    d.accepted = join(meant);
    return {"", d};
  }
  const std::size_t dotted = candidates.size();
  for (std::size_t i = 0; i < dotted; ++i)
    candidates.push_back(last_word(candidates[i]));
  for (std::string name : parameters.names())
    candidates.push_back(std::move(name));
  candidates.insert(candidates.end(), {"person", "cuff"});
  const auto nearest = nearest_key(key, candidates);
  d.nearest = nearest.value_or("");
  d.hint = "scenarios/README.md lists the keys; any model parameter can be named too";
  return {"", d};
}

void set_at(TomlValue& table, std::span<const std::string> path, const TomlValue& value) {
  if (path.size() == 1) {
    table.set(path.front(), value);
    return;
  }
  TomlValue* inner = table.find(path.front());
  if (inner == nullptr || !(inner->is_table() || inner->is_array_of_tables())) {
    TomlValue created;
    created.place = value.place;
    table.set(path.front(), std::move(created));
    inner = table.find(path.front());
  }
  path = path.subspan(1);
  if (inner->is_table()) {
    set_at(*inner, path, value);
  } else if (is_index(path.front()) && path.size() > 1) {
    const std::size_t index = std::stoul(path.front());
    set_at(inner->items.at(index - 1), path.subspan(1), value);
  } else {
    for (TomlValue& item : inner->items)
      set_at(item, path, value);
  }
}

/// Applies the changes of `with` to a copy of the document.
class Changer {
public:
  Changer(const Scenario& scenario, Diagnostics& diagnostics)
      : document(*scenario.document), files(scenario.files), scenario_(&scenario), diagnostics_(&diagnostics) {}

  TomlValue document;
  std::vector<std::string> files;
  bool complete = true;

  void apply(const std::map<std::string, std::string>& changes) {
    std::map<std::string, std::pair<std::string, std::string>> by_path; // dotted key -> as given, text
    for (const auto& [key, text] : changes) {
      if (key == "person" || key == "cuff") {
        by_path.emplace(key, std::pair(key, text));
        continue;
      }
      const auto [path, wrong] = resolve_key(scenario_->parameters, key);
      if (wrong)
        diagnostics_->add(placed(*wrong, key, text));
      else if (!by_path.emplace(path, std::pair(key, text)).second)
        diagnostics_->add(placed(
            problem("", "duplicate-key", path, "is given twice, as '" + by_path.at(path).first + "' too"), key, text));
    }
    if (const auto person = by_path.find("person"); person != by_path.end())
      replace_person(person->second.second);
    if (const auto cuff = by_path.find("cuff"); cuff != by_path.end())
      replace_cuff(cuff->second.second);
    if ((by_path.contains("person") || by_path.contains("cuff")) && scenario_->measured_aop_mmHg &&
        !by_path.contains("cuff.occlusion_pressure")) {
      Diagnostic d = problem("", "conflict", "cuff.occlusion_pressure",
                             "was measured on another person or with another cuff");
      d.accepted = "the pressure measured with the new one, or \"emergent\"";
      diagnostics_->add(std::move(d));
    }
    for (const auto& [path, change] : by_path)
      if (path != "person" && path != "cuff")
        set(path, change.first, change.second, by_path.contains("cuff"));
  }

private:
  static Diagnostic placed(Diagnostic d, const std::string& key, const std::string& text) {
    d.column = 1;
    d.source_line = key + " = " + text;
    d.value = text;
    return d;
  }

  void set(const std::string& path, const std::string& key, const std::string& text, bool has_new_cuff) {
    const std::vector<std::string> words = split(path, '.');
    const auto refuse = [&](std::string message, std::string accepted = "") {
      Diagnostic d = problem("", "missing-key", path, std::move(message));
      d.accepted = std::move(accepted);
      diagnostics_->add(placed(std::move(d), key, text));
    };
    const TomlValue* exercise = document.find("exercise");
    if (words[0] == "exercise" && words.size() > 1 && exercise == nullptr)
      return refuse("there is no exercise in this scenario");
    if (words[0] == "exercise" && words.size() > 2 && is_index(words[1])) {
      const std::size_t count = exercise->is_table() ? 1 : exercise->items.size();
      const std::size_t index = std::stoul(words[1]);
      if (index < 1 || index > count)
        return refuse("there is no such exercise", "1 to " + std::to_string(count));
      if (exercise->is_table())
        return set_at(document, split(without_index(path), '.'), core::value_from_text(key, text));
    }
    if (words[0] == "cuff" && words.size() > 1 && document.find("cuff") == nullptr && !has_new_cuff)
      return refuse("there is no cuff in this scenario", "cuff = \"wide_thigh\" or another one first");
    set_at(document, words, core::value_from_text(key, text));
  }

  /// The table `key` of a person or cuff file; nothing, and the problem reported, if there is none.
  std::optional<TomlValue> part_of_file(const std::string& key, const std::string& name,
                                        const std::vector<std::string>& folders) {
    const auto path = find_input(name, "", folders);
    if (!path) {
      Diagnostic d = not_found(name, folders);
      d.key = key;
      d.message = "'" + name + "': " + d.message;
      diagnostics_->add(placed(std::move(d), key, name));
      complete = false;
      return std::nullopt;
    }
    Gatherer gatherer(*diagnostics_);
    const TomlValue root = gatherer.gather(*path);
    complete = complete && gatherer.complete;
    files.insert(files.end(), gatherer.files.begin(), gatherer.files.end());
    const TomlValue* part = root.find(key);
    if (part != nullptr && part->is_table())
      return *part;
    if (gatherer.complete)
      diagnostics_->add(problem(path->string(), "missing-key", key, "there is no [" + key + "] table in this file"));
    complete = false;
    return std::nullopt;
  }

  void replace_person(const std::string& name) {
    if (auto person = part_of_file("person", name, people_folder))
      document.set("person", std::move(*person));
  }

  void replace_cuff(const std::string& name) {
    const auto cuff = part_of_file("cuff", name, cuffs_folder);
    if (!cuff)
      return;
    TomlValue* mine = document.find("cuff");
    if (mine == nullptr) {
      document.set("cuff", *cuff);
      return;
    }
    for (const std::string_view key : cuff_itself)
      mine->erase(key);
    merge(*mine, *cuff);
  }

  const Scenario* scenario_;
  Diagnostics* diagnostics_;
};

} // namespace

Scenario resting_scenario(const std::string& person, const std::string& cuff,
                          const std::map<std::string, std::string>& overrides) {
  Diagnostics diagnostics;
  Scenario empty;
  empty.parameters = read_parameter_table(diagnostics);
  Diagnostics ignored;
  TomlValue document =
      TomlDocument::parse(cuff.empty() ? "[timing]\npassive = \"60 s\"\n"
                                       : "[timing]\npassive = \"60 s\"\n[cuff]\nduring = \"never\"\n",
                          "resting", ignored)
          .root;
  document.set("title", text_value(person + (cuff.empty() ? "" : ", " + cuff) + ", at rest"));
  empty.document = std::make_shared<const TomlValue>(std::move(document));
  Changer changer(empty, diagnostics);
  std::map<std::string, std::string> changes = overrides;
  changes.insert_or_assign("person", person);
  if (!cuff.empty())
    changes.insert_or_assign("cuff", cuff);
  changer.apply(changes);
  return interpret(std::move(changer.document), std::move(changer.files), empty.parameters, diagnostics,
                   changer.complete && empty.parameters.size() > 0);
}

Scenario with(const Scenario& scenario, const std::map<std::string, std::string>& key_to_text) {
  Diagnostics diagnostics;
  Changer changer(scenario, diagnostics);
  changer.apply(key_to_text);
  return interpret(std::move(changer.document), std::move(changer.files), scenario.parameters.defaults(), diagnostics,
                   changer.complete);
}

std::string canonical_key(const Scenario& scenario, const std::string& key) {
  if (key == "person" || key == "cuff")
    return key;
  auto [path, wrong] = resolve_key(scenario.parameters, key);
  if (wrong)
    throw InputError(std::move(*wrong));
  return path;
}

std::vector<std::string_view> scenario_keys() { return {scenario_file_keys.begin(), scenario_file_keys.end()}; }

} // namespace limbflow::models
