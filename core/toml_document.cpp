#include "core/toml_document.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

// toml++ 3.3 states with assertions what its parser takes for granted, and some malformed texts break it ("[=]").
// Whether or not assertions are compiled in, those must be errors of the input: neither an abort nor reading on.
namespace {
struct BrokenAssumption : std::logic_error {
  using std::logic_error::logic_error;
};
[[noreturn]] void broken_assumption(const char* text) { throw BrokenAssumption(text); }
} // namespace
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? void() : ::broken_assumption(#expr))
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace limbflow::core {
namespace {

using Kind = TomlValue::Kind;

std::shared_ptr<const SourceText> source_text(const std::string& text, const std::string& name) {
  auto source = std::make_shared<SourceText>();
  source->name = name;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r')
      line.pop_back();
    source->lines.push_back(std::move(line));
  }
  return source;
}

Place place_of(const toml::source_region& region, const std::shared_ptr<const SourceText>& source) {
  return {source, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

void put_place(Diagnostic& d, const Place& place) {
  if (place.source == nullptr)
    return;
  d.file = place.source->name;
  d.line = d.file.empty() ? 0 : place.line; // a value that was given by itself has no lines to count
  d.column = place.column;
  if (place.line > 0 && static_cast<std::size_t>(place.line) <= place.source->lines.size())
    d.source_line = place.source->lines[static_cast<std::size_t>(place.line) - 1];
}

TomlValue convert(const toml::node& node, const std::shared_ptr<const SourceText>& source) {
  TomlValue out;
  out.place = place_of(node.source(), source);
  if (const auto* table = node.as_table()) {
    out.kind = Kind::table;
    for (const auto& [key, value] : *table)
      out.entries.push_back({std::string(key.str()), place_of(key.source(), source), convert(value, source)});
    std::ranges::stable_sort(out.entries, [](const TomlValue::Entry& a, const TomlValue::Entry& b) {
      return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
  } else if (const auto* array = node.as_array()) {
    out.kind = Kind::array;
    for (const toml::node& item : *array)
      out.items.push_back(convert(item, source));
  } else if (const auto* string = node.as_string()) {
    out.kind = Kind::string;
    out.text = string->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Kind::integer;
    out.integer = integer->get();
    out.number = static_cast<double>(out.integer);
  } else if (const auto* number = node.as_floating_point()) {
    out.kind = Kind::number;
    out.number = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = Kind::boolean;
    out.boolean = boolean->get();
  } else {
    out.kind = Kind::other;
    std::ostringstream text;
    node.visit([&](const auto& n) { text << n; });
    out.text = text.str();
  }
  return out;
}

/// The first line at which toml++ stumbles over its own assumptions (1-based). Every text that ends behind it fails
/// alike.
int stumbling_line(const std::vector<std::string>& lines) {
  const auto stumbles = [&](std::size_t count) {
    try {
      static_cast<void>(toml::parse(join(std::span(lines).first(count), "\n")));
    } catch (const toml::parse_error&) {
    } catch (const BrokenAssumption&) {
      return true;
    }
    return false;
  };
  std::size_t good = 0, bad = lines.size();
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    (stumbles(middle) ? bad : good) = middle;
  }
  return static_cast<int>(bad);
}

bool bare_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        out += "\\u00";
        out += digits[static_cast<unsigned char>(c) >> 4U];
        out += digits[static_cast<unsigned char>(c) & 0xFU];
      } else {
        out += c;
      }
    }
  }
  return out + "\"";
}

std::string key_text(std::string_view key) { return bare_key(key) ? std::string(key) : quoted_text(key); }

std::string number_text(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value > 0 ? "inf" : "-inf";
  std::string out = format_number(value);
  if (out.find_first_of(".e") == std::string::npos)
    out += ".0";
  return out;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
  case Kind::string:
    return "a string";
  case Kind::integer:
    return "a whole number";
  case Kind::number:
    return "a number";
  case Kind::boolean:
    return "true or false";
  case Kind::array:
    return "a list";
  case Kind::table:
    return "a table";
  case Kind::other:
    return "a date or time";
  }
  throw std::logic_error("a kind of value without a name");
}

Diagnostic file_problem(const std::string& name, std::string rule, std::string message, std::string hint = "") {
  Diagnostic d;
  d.rule = std::move(rule);
  d.file = name;
  d.message = std::move(message);
  d.hint = std::move(hint);
  return d;
}

/// Offset of the first byte that is not part of well-formed UTF-8 text, or of a NUL; npos if all is text.
std::size_t first_binary_byte(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char c = byte(i);
    if (c == 0)
      return i;
    const std::size_t length = c < 0x80                ? 1
                               : c >= 0xC2 && c < 0xE0 ? 2
                               : c >= 0xE0 && c < 0xF0 ? 3
                               : c >= 0xF0 && c < 0xF5 ? 4
                                                       : 0;
    if (length == 0 || i + length > text.size())
      return i;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xC0U) != 0x80U)
        return i;
    i += length;
  }
  return std::string_view::npos;
}

/// True for a line of the form `key = value` whose brackets are balanced: it can be taken out without harm to its
/// neighbours.
bool self_contained(std::string_view line) {
  const std::size_t equals = line.find('=');
  const std::size_t first = line.find_first_not_of(" \t");
  if (equals == std::string_view::npos || first == equals || line[first] == '[' ||
      line.find("\"\"\"") != std::string_view::npos || line.find("'''") != std::string_view::npos)
    return false;
  return std::ranges::count(line, '[') == std::ranges::count(line, ']') &&
         std::ranges::count(line, '{') == std::ranges::count(line, '}');
}

/// `rest = 30 s`, where quotes were forgotten: the line as it should be, or nothing.
std::string with_quotes(std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || line.find_first_of("\"'[{,", equals) != std::string_view::npos)
    return "";
  const auto trimmed = [](std::string_view s) {
    const std::size_t first = s.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : s.substr(first, s.find_last_not_of(" \t") - first + 1);
  };
  const std::string_view value = trimmed(line.substr(equals + 1, line.find('#', equals) - equals - 1));
  try {
    if (parse_quantity(value).unit == "1")
      return "";
  } catch (const UnitError&) {
    return "";
  }
  return std::string(trimmed(line.substr(0, equals))) + " = \"" + std::string(value) + "\"";
}

Diagnostic syntax_problem(const toml::parse_error& error, const std::shared_ptr<const SourceText>& source) {
  Diagnostic d;
  put_place(d, place_of(error.source(), source));
  std::string message(error.description());
  if (const std::size_t colon = message.find(": ");
      message.starts_with("Error while parsing") && colon != std::string::npos)
    message.erase(0, colon + 2);
  const std::size_t equals = d.source_line.find('=');
  if (message.starts_with("cannot redefine")) {
    d.rule = "duplicate-key";
    d.message = "given twice: " + message;
  } else {
    d.rule = "syntax";
    d.message = "not valid TOML: " + message;
    if (const std::string better = with_quotes(d.source_line); !better.empty())
      d.hint = "a quantity stands in quotes: " + better;
  }
  if (self_contained(d.source_line)) {
    const std::size_t first = d.source_line.find_first_not_of(" \t");
    d.key = d.source_line.substr(first, d.source_line.find_last_not_of(" \t", equals - 1) - first + 1);
  }
  return d;
}

} // namespace

bool TomlValue::is_array_of_tables() const {
  return is_array() && !items.empty() && std::ranges::all_of(items, &TomlValue::is_table);
}

const TomlValue* TomlValue::find(std::string_view key) const {
  const auto entry = std::ranges::find(entries, key, &Entry::key);
  return entry == entries.end() ? nullptr : &entry->value;
}

TomlValue* TomlValue::find(std::string_view key) {
  const auto entry = std::ranges::find(entries, key, &Entry::key);
  return entry == entries.end() ? nullptr : &entry->value;
}

void TomlValue::set(std::string_view key, TomlValue value) {
  if (const auto entry = std::ranges::find(entries, key, &Entry::key); entry != entries.end()) {
    entry->place = value.place;
    entry->value = std::move(value);
  } else {
    Place at = value.place;
    entries.push_back({std::string(key), std::move(at), std::move(value)});
  }
}

void TomlValue::erase(std::string_view key) {
  std::erase_if(entries, [&](const Entry& entry) { return entry.key == key; });
}

void merge(TomlValue& base, const TomlValue& over) {
  base.place = over.place;
  for (const TomlValue::Entry& entry : over.entries) {
    const auto mine = std::ranges::find(base.entries, entry.key, &TomlValue::Entry::key);
    if (mine == base.entries.end()) {
      base.entries.push_back(entry);
    } else if (mine->value.is_table() && entry.value.is_table()) {
      mine->place = entry.place;
      merge(mine->value, entry.value);
    } else {
      *mine = entry;
    }
  }
}

std::string to_toml(const TomlValue& value) {
  switch (value.kind) {
  case Kind::string:
    return quoted_text(value.text);
  case Kind::integer:
    return std::to_string(value.integer);
  case Kind::number:
    return number_text(value.number);
  case Kind::boolean:
    return value.boolean ? "true" : "false";
  case Kind::other:
    return value.text;
  case Kind::array: {
    std::string out;
    for (const TomlValue& item : value.items)
      out += (out.empty() ? "" : ", ") + to_toml(item);
    return "[" + out + "]";
  }
  case Kind::table: {
    std::string out;
    for (const TomlValue::Entry& entry : value.entries)
      out += (out.empty() ? "" : ", ") + key_text(entry.key) + " = " + to_toml(entry.value);
    return out.empty() ? "{}" : "{ " + out + " }";
  }
  }
  throw std::logic_error("a kind of value without a text");
}

namespace {

/// Entries of every table in the order of the dotted keys; keys that are not listed go last, by name.
TomlValue ordered(TomlValue value, const std::string& path, std::span<const std::string_view> order) {
  for (TomlValue& item : value.items)
    item = ordered(std::move(item), path, order);
  const auto rank = [&](const std::string& key) {
    const std::string dotted = path.empty() ? key : path + "." + key;
    const auto at = std::ranges::find_if(
        order, [&](std::string_view known) { return known == dotted || known.starts_with(dotted + "."); });
    return at - order.begin();
  };
  std::ranges::sort(value.entries, [&](const TomlValue::Entry& a, const TomlValue::Entry& b) {
    return std::pair(rank(a.key), std::string_view(a.key)) < std::pair(rank(b.key), std::string_view(b.key));
  });
  for (TomlValue::Entry& entry : value.entries)
    entry.value = ordered(std::move(entry.value), path.empty() ? entry.key : path + "." + entry.key, order);
  return value;
}

void write_section(std::string& out, const TomlValue& table) {
  for (const TomlValue::Entry& entry : table.entries)
    out += key_text(entry.key) + " = " + to_toml(entry.value) + "\n";
}

} // namespace

std::string to_toml(const TomlValue& root, std::span<const std::string_view> order) {
  const TomlValue document = ordered(root, "", order);
  std::string out;
  for (const TomlValue::Entry& entry : document.entries)
    if (!entry.value.is_table() && !entry.value.is_array_of_tables())
      out += key_text(entry.key) + " = " + to_toml(entry.value) + "\n";
  for (const TomlValue::Entry& entry : document.entries) {
    if (entry.value.is_table()) {
      out += (out.empty() ? "[" : "\n[") + key_text(entry.key) + "]\n";
      write_section(out, entry.value);
    } else if (entry.value.is_array_of_tables()) {
      for (const TomlValue& item : entry.value.items) {
        out += (out.empty() ? "[[" : "\n[[") + key_text(entry.key) + "]]\n";
        write_section(out, item);
      }
    }
  }
  return out;
}

TomlDocument TomlDocument::load(const std::filesystem::path& path, Diagnostics& diagnostics) {
  namespace fs = std::filesystem;
  const std::string name = path.string();
  TomlDocument unread;
  unread.complete = false;
  const auto refuse = [&](std::string rule, std::string message, std::string hint = "") {
    diagnostics.add(file_problem(name, std::move(rule), std::move(message), std::move(hint)));
    return unread;
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found)
    return refuse("no-such-file", "there is no such file");
  if (fs::is_directory(status))
    return refuse("directory", "this is a directory, not a TOML file");
  if (!fs::is_regular_file(status))
    return refuse("unreadable", "this is not a regular file" + (error ? ": " + error.message() : std::string()));
  const std::uintmax_t size = fs::file_size(path, error);
  if (!error && size > largest_file)
    return refuse("too-large", "the file is too large: " + std::to_string(size) + " bytes",
                  "the limit is " + std::to_string(largest_file) + " bytes");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in && in.peek() != std::ifstream::traits_type::eof())
    text << in.rdbuf();
  if (!in.is_open() || in.bad() || text.fail())
    return refuse("unreadable", "the file cannot be read");
  return parse(text.str(), name, diagnostics);
}

TomlDocument TomlDocument::parse(const std::string& text, const std::string& name, Diagnostics& diagnostics) {
  constexpr int most_syntax_errors = 50;
  TomlDocument out;
  out.complete = false;
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    diagnostics.add(file_problem(name, "empty-file", "the file is empty"));
    return out;
  }
  if (const std::size_t at = first_binary_byte(text); at != std::string::npos) {
    diagnostics.add(file_problem(
        name, "binary-file", "this is not a TOML text file (byte " + std::to_string(at + 1) + " is not UTF-8 text)"));
    return out;
  }
  const auto source = source_text(text, name);
  std::vector<std::string> lines = source->lines;
  for (int errors = 0; errors < most_syntax_errors; ++errors) {
    try {
      const toml::table table = toml::parse(join(lines, "\n") + "\n", name);
      out.root = convert(table, source);
      out.root.place.line = out.root.place.column = 0;
      out.complete = errors == 0;
      return out;
    } catch (const toml::parse_error& error) {
      diagnostics.add(syntax_problem(error, source));
      const auto line = static_cast<std::size_t>(error.source().begin.line);
      if (line == 0 || line > lines.size() || !self_contained(lines[line - 1]))
        return out;
      lines[line - 1].clear(); // go on behind it
    } catch (const BrokenAssumption&) {
      Diagnostic d = file_problem(name, "syntax", "not valid TOML: this line cannot be read");
      put_place(d, {source, stumbling_line(lines), 1});
      diagnostics.add(std::move(d));
      return out;
    }
  }
  return out;
}

TomlValue value_from_text(const std::string& key, const std::string& text) {
  auto source = std::make_shared<SourceText>();
  source->lines = {key + " = " + text};
  std::ranges::replace(source->lines.front(), '\n', ' ');

  TomlValue out;
  out.kind = Kind::string;
  out.text = text;
  if (text.find('\n') == std::string::npos) {
    try {
      const toml::table table = toml::parse("value = " + text + "\n");
      if (table.size() == 1)
        if (TomlValue value = convert(table.begin()->second, source); value.kind != Kind::other)
          out = std::move(value);
    } catch (const toml::parse_error&) { // then it is a plain string
    } catch (const BrokenAssumption&) {  // so is this
    }
  }
  const Place place{source, 1, static_cast<int>(key.size()) + 4};
  const auto put = [&](const auto& self, TomlValue& value) -> void {
    value.place = place;
    for (TomlValue& item : value.items)
      self(self, item);
    for (TomlValue::Entry& entry : value.entries) {
      entry.place = place;
      self(self, entry.value);
    }
  };
  put(put, out);
  return out;
}

std::string Bounds::describe() const {
  const auto show = [&](double value) {
    return unit == "1" ? format_number(value) : format_number(value) + " " + std::string(unit);
  };
  const bool has_low = std::isfinite(low), has_high = std::isfinite(high);
  if (has_low && has_high)
    return low_open ? "above " + show(low) + " and up to " + show(high) : show(low) + " to " + show(high);
  if (has_low)
    return (low_open ? "above " : "at least ") + show(low);
  if (has_high)
    return "at most " + show(high);
  return "";
}

bool Bounds::contain(double base_value) const {
  const double least = to_base(low, unit), most = to_base(high, unit);
  return std::isfinite(base_value) && (low_open ? base_value > least : base_value >= least) && base_value <= most;
}

TableReader::TableReader(const TomlValue& table, std::string path, Diagnostics& diagnostics, bool report_missing)
    : table_(&table), path_(std::move(path)), diagnostics_(&diagnostics), report_missing_(report_missing) {}

std::string TableReader::dotted(std::string_view key) const {
  return path_.empty() ? std::string(key) : key.empty() ? path_ : path_ + "." + std::string(key);
}

const TomlValue* TableReader::value(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end())
    known_.emplace_back(key);
  return table_->find(key);
}

bool TableReader::has(std::string_view key) { return value(key) != nullptr; }

Diagnostic TableReader::about(std::string_view key, std::string rule, std::string message) const {
  constexpr std::size_t longest_value = 80;
  Diagnostic d;
  d.rule = std::move(rule);
  d.key = dotted(key);
  d.message = std::move(message);
  const TomlValue* value = table_->find(key);
  put_place(d, value != nullptr ? value->place : table_->place);
  if (value != nullptr) {
    d.value = to_toml(*value);
    if (d.value.size() > longest_value)
      d.value = d.value.substr(0, longest_value) + "...";
  }
  return d;
}

void TableReader::add(std::string_view key, Diagnostic diagnostic) {
  Diagnostic d = about(key, std::move(diagnostic.rule), std::move(diagnostic.message));
  d.level = diagnostic.level;
  d.accepted = std::move(diagnostic.accepted);
  d.nearest = std::move(diagnostic.nearest);
  d.hint = std::move(diagnostic.hint);
  diagnostics_->add(std::move(d));
}

void TableReader::missing(std::string_view key, std::string accepted) {
  if (value(key) == nullptr && report_missing_)
    error(key, "missing-key", "is missing", std::move(accepted));
}

void TableReader::error(std::string_view key, std::string rule, std::string message, std::string accepted,
                        std::string hint) {
  Diagnostic d = about(key, std::move(rule), std::move(message));
  d.accepted = std::move(accepted);
  d.hint = std::move(hint);
  diagnostics_->add(std::move(d));
}

void TableReader::warning(std::string_view key, std::string rule, std::string message, std::string hint) {
  Diagnostic d = about(key, std::move(rule), std::move(message));
  d.level = Level::warning;
  d.hint = std::move(hint);
  diagnostics_->add(std::move(d));
}

const TomlValue* TableReader::required(std::string_view key, bool needed, std::string_view accepted) {
  const TomlValue* found = value(key);
  if (needed)
    missing(key, std::string(accepted));
  return found;
}

void TableReader::wrong_kind(std::string_view key, const TomlValue& value, std::string_view expected) {
  error(key, "wrong-kind", "is " + std::string(kind_name(value.kind)) + ", not " + std::string(expected));
}

namespace {

std::string_view usual_unit(const QuantityKind& kind) {
  if (!kind.bounds.usual.empty())
    return kind.bounds.usual;
  return kind.bounds.unit == "1" ? base_unit(kind.dimension) : kind.bounds.unit;
}

} // namespace

bool TableReader::within(std::string_view key, const TomlValue& value, const Bounds& bounds, double base_value) {
  if (bounds.contain(base_value))
    return true;
  const std::string shown = value.kind == Kind::string ? value.text : to_toml(value);
  error(key, "out-of-range", shown + " is out of range", bounds.describe());
  return false;
}

std::optional<Quantity> TableReader::quantity_of(std::string_view key, std::span<const QuantityKind> kinds,
                                                 bool needed) {
  std::vector<Dimension> dimensions;
  std::string accepted;
  for (const QuantityKind& kind : kinds) {
    dimensions.push_back(kind.dimension);
    const std::string limits = kind.bounds.describe();
    const std::string units = join(units_of(kind.dimension));
    accepted += (accepted.empty() ? "" : ", or ") + (limits.empty() ? std::string(name_of(kind.dimension)) : limits) +
                (kind.dimension == Dimension::dimensionless ? "" : " (in " + units + ")");
  }
  const TomlValue* found = required(key, needed, accepted);
  if (found == nullptr)
    return std::nullopt;
  const bool bare = found->kind == Kind::integer || found->kind == Kind::number;
  if (!bare && found->kind != Kind::string) {
    error(key, "wrong-kind", "is " + std::string(kind_name(found->kind)) + ", not a quantity", accepted);
    return std::nullopt;
  }
  try {
    const Quantity quantity = parse_quantity(bare ? format_number(found->number) : found->text, dimensions);
    for (const QuantityKind& kind : kinds)
      if (kind.dimension == quantity.dimension && within(key, *found, kind.bounds, quantity.value))
        return quantity;
  } catch (const UnitError& problem) {
    Diagnostic d = about(key, problem.rule, problem.what());
    d.accepted = accepted;
    d.nearest = problem.nearest;
    d.hint = problem.hint;
    if (problem.rule == "missing-unit")
      d.hint = "a quantity is written with its unit, in quotes: \"" +
               (bare ? format_number(found->number) : found->text) + " " +
               std::string(usual_unit(kinds.front())) +
               "\"";
    diagnostics_->add(std::move(d));
  }
  return std::nullopt;
}

double TableReader::quantity(std::string_view key, Dimension dimension, const Bounds& bounds,
                             std::optional<double> fallback) {
  const QuantityKind kind{dimension, bounds};
  if (fallback && !has(key))
    return *fallback;
  const std::optional<Quantity> found = quantity_of(key, std::span(&kind, 1), true);
  return found ? found->value : std::numeric_limits<double>::quiet_NaN();
}

double TableReader::number(std::string_view key, const Bounds& bounds, std::optional<double> fallback) {
  return quantity(key, Dimension::dimensionless, bounds, fallback);
}

std::int64_t TableReader::integer(std::string_view key, std::int64_t low, std::int64_t high,
                                  std::optional<std::int64_t> fallback) {
  const std::string accepted = "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
  const TomlValue* found = required(key, !fallback, accepted);
  if (found == nullptr)
    return fallback.value_or(low);
  if (found->kind != Kind::integer)
    error(key, "wrong-kind", "is " + std::string(kind_name(found->kind)) + ", not a whole number", accepted);
  else if (found->integer < low || found->integer > high)
    error(key, "out-of-range", to_toml(*found) + " is out of range", accepted);
  else
    return found->integer;
  return low;
}

bool TableReader::boolean(std::string_view key, std::optional<bool> fallback) {
  const TomlValue* found = required(key, !fallback, "true or false");
  if (found == nullptr)
    return fallback.value_or(false);
  if (found->kind != Kind::boolean)
    wrong_kind(key, *found, "true or false");
  return found->boolean;
}

std::string TableReader::string(std::string_view key, std::optional<std::string> fallback) {
  const TomlValue* found = required(key, !fallback, "a text in quotes");
  if (found == nullptr)
    return fallback.value_or("");
  if (found->kind != Kind::string)
    wrong_kind(key, *found, "a text in quotes");
  return found->kind == Kind::string ? found->text : "";
}

std::vector<std::string> TableReader::strings(std::string_view key) {
  const TomlValue* found = value(key);
  if (found == nullptr)
    return {};
  if (found->kind == Kind::string)
    return {found->text};
  std::vector<std::string> out;
  for (const TomlValue& item : found->items)
    if (item.kind == Kind::string)
      out.push_back(item.text);
  if (!found->is_array() || out.size() != found->items.size())
    error(key, "wrong-kind", "is not a list of texts", "a list of texts in quotes, [\"one\", \"two\"]");
  return out;
}

std::optional<std::vector<int>> TableReader::integers(std::string_view key, int low, int high, std::size_t longest,
                                                      bool needed) {
  const std::string accepted = "a list of 1 to " + std::to_string(longest) + " whole numbers from " +
                               std::to_string(low) + " to " + std::to_string(high) + ", such as [30, 15, 15]";
  const TomlValue* found = required(key, needed, accepted);
  if (found == nullptr)
    return std::nullopt;
  std::vector<int> out;
  const auto take = [&](const TomlValue& item) {
    if (item.kind == Kind::integer && item.integer >= low && item.integer <= high)
      out.push_back(static_cast<int>(item.integer));
  };
  if (found->kind == Kind::integer)
    take(*found);
  else
    std::ranges::for_each(found->items, take);
  const bool list = found->is_array() || found->kind == Kind::integer;
  if (!list || std::ranges::any_of(found->items, [](const TomlValue& i) { return i.kind != Kind::integer; }))
    error(key, "wrong-kind", "is not a list of whole numbers", accepted);
  else if (found->items.size() > longest || out.empty() || (found->is_array() && out.size() != found->items.size()))
    error(key, "out-of-range", to_toml(*found).substr(0, 80) + " is out of range", accepted);
  else
    return out;
  return std::nullopt;
}

std::optional<std::size_t> TableReader::choice_index(std::string_view key, const std::vector<std::string>& words,
                                                     bool needed) {
  const TomlValue* found = required(key, needed, join(words));
  if (found == nullptr)
    return std::nullopt;
  if (found->kind == Kind::string)
    if (const auto at = std::ranges::find(words, found->text); at != words.end())
      return static_cast<std::size_t>(at - words.begin());
  Diagnostic d =
      about(key, "unknown-choice",
            (found->kind == Kind::string ? "'" + found->text + "'" : to_toml(*found)) + " is not known here");
  d.accepted = join(words);
  d.nearest = nearest_key(found->text, words).value_or("");
  diagnostics_->add(std::move(d));
  return std::nullopt;
}

namespace {
const TomlValue empty_table;
}

TableReader TableReader::table(std::string_view key) {
  const TomlValue* found = value(key);
  if (found != nullptr && !found->is_table()) {
    wrong_kind(key, *found, "a table");
    found = nullptr;
  }
  return {found != nullptr ? *found : empty_table, dotted(key), *diagnostics_, found != nullptr && report_missing_};
}

std::vector<TableReader> TableReader::tables(std::string_view key, std::size_t most) {
  std::vector<TableReader> out;
  const TomlValue* found = value(key);
  if (found == nullptr)
    return out;
  if (found->is_table()) {
    out.emplace_back(*found, dotted(key), *diagnostics_, report_missing_);
  } else if (!found->is_array_of_tables()) {
    wrong_kind(key, *found, "a table or a list of tables");
  } else if (found->items.size() > most) {
    error(key, "out-of-range", std::to_string(found->items.size()) + " are too many",
          "at most " + std::to_string(most));
  } else {
    for (std::size_t i = 0; i < found->items.size(); ++i)
      out.emplace_back(found->items[i], dotted(key) + "[" + std::to_string(i + 1) + "]", *diagnostics_,
                       report_missing_);
  }
  return out;
}

void TableReader::finish(std::span<const std::string_view> elsewhere) {
  for (const TomlValue::Entry& entry : table_->entries) {
    if (std::ranges::find(known_, entry.key) != known_.end())
      continue;
    Diagnostic d = about(entry.key, "unknown-key", "is not a known key");
    put_place(d, entry.place);
    d.accepted = join(known_);
    d.nearest = nearest_key(entry.key, known_).value_or("");
    std::vector<std::string> homes;
    for (const std::string_view key : elsewhere)
      if (key.ends_with("." + entry.key))
        homes.emplace_back(key);
    if (!homes.empty())
      d.hint = "there is " + join(homes);
    diagnostics_->add(std::move(d));
  }
}

} // namespace limbflow::core
