// Data files that only Python reads (limits, questionnaires, populations), with the engine's reader and its messages.
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
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

/// Where the keys and items of a document were written. Looked up when somebody asks: the names of all items of a large file, each with
/// the text of its line, would be many times as long as the file.
class Places {
public:
  using Found = std::tuple<int, int, std::string>; ///< line, column, text of the line

  explicit Places(core::TomlDocument document) : document_(std::move(document)) {}

  const core::TomlValue& root() const { return document_.root; }

  /// Of a dotted name in which items count from 1, such as `limit[3].tiers[1].value`.
  std::optional<Found> find(std::string_view name) const {
    const core::Place* place = place_in(document_.root, name);
    if (place == nullptr) {
      return std::nullopt;
    }
    std::string line;
    if (place->source && place->line > 0 && static_cast<std::size_t>(place->line) <= place->source->lines.size()) {
      line = place->source->lines[static_cast<std::size_t>(place->line) - 1];
    }
    return Found(place->line, place->column, std::move(line));
  }

private:
  static const core::Place* place_in(const core::TomlValue& table, std::string_view name) {
    for (const core::TomlValue::Entry& entry : table.entries) {
      if (!name.starts_with(entry.key)) {
        continue;
      }
      const bool is_value = !entry.value.is_table() && !entry.value.is_array();
      const core::Place* place = place_behind(entry.value, is_value ? entry.value.place : entry.place, name.substr(entry.key.size()));
      if (place != nullptr) {
        return place;
      }
    }
    return nullptr;
  }

  /// `rest` is what follows the name of this value: nothing, `.key...` or `[1]...`.
  static const core::Place* place_behind(const core::TomlValue& value, const core::Place& place, std::string_view rest) {
    if (rest.empty()) {
      return &place;
    }
    if (value.is_table() && rest.front() == '.') {
      return place_in(value, rest.substr(1));
    }
    if (!value.is_array() || rest.front() != '[') {
      return nullptr;
    }
    std::size_t number = 0;
    const char* const end = rest.data() + rest.size();
    const auto [behind, error] = std::from_chars(rest.data() + 1, end, number);
    if (error != std::errc() || behind == end || *behind != ']' || number < 1 || number > value.items.size()) {
      return nullptr;
    }
    const core::TomlValue& item = value.items[number - 1];
    return place_behind(item, item.place, std::string_view(behind + 1, static_cast<std::size_t>(end - behind) - 1));
  }

  core::TomlDocument document_;
};

/// The value as Python has it.
py::object to_python(const core::TomlValue& value) {
  using Kind = core::TomlValue::Kind;
  switch (value.kind) {
  case Kind::string:
  case Kind::other: return py::str(value.text);
  case Kind::integer: return py::int_(value.integer);
  case Kind::number: return py::float_(value.number);
  case Kind::boolean: return py::bool_(value.boolean);
  case Kind::array: {
    py::list items;
    for (const core::TomlValue& item : value.items) {
      items.append(to_python(item));
    }
    return std::move(items);
  }
  case Kind::table: break;
  }
  py::dict table;
  for (const core::TomlValue::Entry& entry : value.entries) {
    table[py::str(entry.key)] = to_python(entry.value);
  }
  return std::move(table);
}

py::tuple read(core::TomlDocument document, const core::Diagnostics& diagnostics) {
  diagnostics.throw_if_errors();
  Places places(std::move(document));
  py::object values = to_python(places.root());
  return py::make_tuple(std::move(values), std::move(places));
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
  py::class_<Places>(module, "Places", "Where the keys and items of a document were written.")
      .def("find", &Places::find, py::arg("name"),
           "Line, column and text of the line of a dotted name in which items count from 1, such as limit[3].tiers[1].value; or nothing.");
  module.def(
      "load_toml",
      [](const std::string& path) {
        core::Diagnostics diagnostics;
        core::TomlDocument document = core::TomlDocument::load(path, diagnostics);
        return read(std::move(document), diagnostics);
      },
      py::arg("path"),
      "The values of a TOML file, and where its keys and items were written. Raises InputError.");
  module.def(
      "parse_toml",
      [](const std::string& text, const std::string& name) {
        core::Diagnostics diagnostics;
        core::TomlDocument document = core::TomlDocument::parse(text, name, diagnostics);
        return read(std::move(document), diagnostics);
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
