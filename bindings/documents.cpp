// Data files that only Python reads (limits, questionnaires, populations), with the engine's reader and its messages.
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "areas.hpp"
#include "core/diagnostics.hpp"
#include "core/toml_document.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

namespace {

void add_place(py::dict& places, const std::string& key, const core::Place& place) {
  std::string line;
  if (place.source && place.line > 0 && static_cast<std::size_t>(place.line) <= place.source->lines.size()) {
    line = place.source->lines[static_cast<std::size_t>(place.line) - 1];
  }
  places[py::str(key)] = py::make_tuple(place.line, place.column, line);
}

/// The value as Python has it. `places` gets where each key, by its dotted name, and each item was written.
py::object to_python(const core::TomlValue& value, const std::string& key, py::dict& places) {
  using Kind = core::TomlValue::Kind;
  switch (value.kind) {
  case Kind::string:
  case Kind::other: return py::str(value.text);
  case Kind::integer: return py::int_(value.integer);
  case Kind::number: return py::float_(value.number);
  case Kind::boolean: return py::bool_(value.boolean);
  case Kind::array: {
    py::list items;
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const std::string name = key + "[" + std::to_string(i + 1) + "]";
      add_place(places, name, value.items[i].place);
      items.append(to_python(value.items[i], name, places));
    }
    return std::move(items);
  }
  case Kind::table: break;
  }
  py::dict table;
  for (const core::TomlValue::Entry& entry : value.entries) {
    const std::string name = key.empty() ? entry.key : key + "." + entry.key;
    add_place(places, name, entry.value.is_table() || entry.value.is_array() ? entry.place : entry.value.place);
    table[py::str(entry.key)] = to_python(entry.value, name, places);
  }
  return std::move(table);
}

py::tuple read(const core::TomlDocument& document, const core::Diagnostics& diagnostics) {
  diagnostics.throw_if_errors();
  py::dict places;
  py::object values = to_python(document.root, "", places);
  return py::make_tuple(values, places);
}

std::string text_of(const py::dict& row, const char* key) {
  return row.contains(key) ? row[key].cast<std::string>() : std::string();
}

[[noreturn]] void raise_problems(const std::vector<py::dict>& rows) {
  std::vector<core::Diagnostic> problems;
  for (const py::dict& row : rows) {
    core::Diagnostic problem;
    problem.rule = text_of(row, "rule");
    problem.file = text_of(row, "file");
    problem.line = row["line"].cast<int>();
    problem.column = row["column"].cast<int>();
    problem.source_line = text_of(row, "source_line");
    problem.key = text_of(row, "key");
    problem.value = text_of(row, "value");
    problem.message = text_of(row, "message");
    problem.accepted = text_of(row, "accepted");
    problem.nearest = text_of(row, "nearest");
    problem.hint = text_of(row, "hint");
    problems.push_back(std::move(problem));
  }
  throw core::InputError(std::move(problems));
}

} // namespace

void bind_documents(py::module_& module) {
  module.def(
      "load_toml",
      [](const std::string& path) {
        core::Diagnostics diagnostics;
        const core::TomlDocument document = core::TomlDocument::load(path, diagnostics);
        return read(document, diagnostics);
      },
      py::arg("path"),
      "The values of a TOML file, and (line, column, text of the line) of each key by its dotted name. Raises InputError.");
  module.def(
      "parse_toml",
      [](const std::string& text, const std::string& name) {
        core::Diagnostics diagnostics;
        const core::TomlDocument document = core::TomlDocument::parse(text, name, diagnostics);
        return read(document, diagnostics);
      },
      py::arg("text"), py::arg("name"), "As load_toml, of a text; `name` stands for the file in messages.");
  module.def("raise_problems", &raise_problems, py::arg("problems"),
             "Raise one InputError for problems found in a document: a mapping each, with the fields of a Diagnostic.");
  module.def(
      "nearest_key",
      [](const std::string& word, const std::vector<std::string>& candidates) {
        return core::nearest_key(word, candidates).value_or("");
      },
      py::arg("word"), py::arg("candidates"), "The candidate nearest to a word, or nothing if none is near.");
}

} // namespace limbflow::bindings
