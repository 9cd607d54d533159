#pragma once

#include "core/diagnostics.hpp"
#include "core/units.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace limbflow::core {

/// A text and the name under which problems in it are reported.
struct SourceText {
  std::string name;
  std::vector<std::string> lines;
};

/// Where a key or value was written. Line and column count from 1; 0 is "nowhere in particular".
struct Place {
  std::shared_ptr<const SourceText> source;
  int line = 0;
  int column = 0;
};

/// A TOML value that remembers its place, so that values merged from several files still point at their own.
struct TomlValue {
  enum class Kind { string, integer, number, boolean, array, table, other };
  struct Entry;

  Kind kind = Kind::table;
  std::string text; ///< of a string; as written, of an `other` (dates and times)
  std::int64_t integer = 0;
  double number = 0; ///< also of an integer
  bool boolean = false;
  std::vector<TomlValue> items;
  std::vector<Entry> entries; ///< in the order of the file
  Place place;

  bool is_table() const { return kind == Kind::table; }
  bool is_array() const { return kind == Kind::array; }
  /// True for a non-empty array that holds only tables.
  bool is_array_of_tables() const;

  /// The entry of a table, or null.
  const TomlValue* find(std::string_view key) const;
  TomlValue* find(std::string_view key);
  /// Sets or replaces an entry of a table.
  void set(std::string_view key, TomlValue value);
  void erase(std::string_view key);
};

struct TomlValue::Entry {
  std::string key;
  Place place;
  TomlValue value;
};

/// `over` wins: tables are merged entry by entry, everything else is replaced.
void merge(TomlValue& base, const TomlValue& over);

/// The value as one line of TOML: `"20 mmHg"`, `[30, 15]`, `{ at = "0 s" }`.
std::string to_toml(const TomlValue& value);

/// A document as TOML text that parses into the same values. Tables become sections, arrays of tables `[[...]]`,
/// everything deeper is written inline. Entries follow `order` (dotted keys), then their own order.
std::string to_toml(const TomlValue& root, std::span<const std::string_view> order);

/// A TOML text that was read. Syntax errors go to the collector; reading goes on behind the broken line where that can
/// be done, so that all of them are found. `complete` is false if anything could not be read: keys may then only seem
/// to be missing.
struct TomlDocument {
  TomlValue root;
  bool complete = true;

  /// Largest file that is read; a scenario is a few kB.
  static constexpr std::uintmax_t largest_file = 4U << 20U;

  /// Reads a file. A missing file, a directory, an empty, binary, unreadable or too large file is a diagnostic.
  static TomlDocument load(const std::filesystem::path& path, Diagnostics& diagnostics);
  static TomlDocument parse(const std::string& text, const std::string& name, Diagnostics& diagnostics);
};

/// The value that a person means by a text on the command line: TOML where it is a TOML number, boolean, array, inline
/// table or quoted string ("[30, 15, 15]", "1e-6"), otherwise the text itself as a string ("60 %AOP"). Problems in it
/// have no file and no line; they show `key = text`.
TomlValue value_from_text(const std::string& key, const std::string& text);

/// Inclusive limits, written in `unit` (a symbol of the unit table; "1" for plain numbers).
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::string_view unit = "1";
  bool low_open = false; ///< `low` itself is not allowed
  std::string_view usual = {}; ///< the unit to propose where one is missing; empty: `unit`

  /// "0 mmHg to 500 mmHg", "above 0 cm and up to 100 cm"
  std::string describe() const;
  bool contain(double base_value) const;
};

struct QuantityKind {
  Dimension dimension;
  Bounds bounds;
};

/// Reads one table key by key. Every getter reports what is wrong and returns something harmless (NaN for numbers), so
/// that reading goes on and all problems come out together. A key without fallback is required. `finish` reports keys
/// nobody asked for.
class TableReader {
public:
  /// `path` is the dotted name of the table, empty for the root. `report_missing` false: do not complain about required
  /// keys (parts of the text could not be read).
  TableReader(const TomlValue& table, std::string path, Diagnostics& diagnostics, bool report_missing = true);

  bool has(std::string_view key);
  const TomlValue* value(std::string_view key);

  /// A quantity in base units.
  double quantity(std::string_view key, Dimension dimension, const Bounds& bounds,
                  std::optional<double> fallback = std::nullopt);
  /// A quantity of one of several dimensions; nothing if it is missing or wrong. `required` as for the others.
  std::optional<Quantity> quantity_of(std::string_view key, std::span<const QuantityKind> kinds, bool required);
  /// A bare number.
  double number(std::string_view key, const Bounds& bounds, std::optional<double> fallback = std::nullopt);
  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high,
                       std::optional<std::int64_t> fallback = std::nullopt);
  bool boolean(std::string_view key, std::optional<bool> fallback = std::nullopt);
  std::string string(std::string_view key, std::optional<std::string> fallback = std::nullopt);
  /// A string, or a list of strings; empty if missing.
  std::vector<std::string> strings(std::string_view key);
  /// A whole number, or a list of them, at least one and at most `longest`; nothing if missing or wrong.
  std::optional<std::vector<int>> integers(std::string_view key, int low, int high, std::size_t longest, bool required);

  /// One of some words, as what it stands for.
  template <class E, std::size_t N>
  E choice(std::string_view key, const std::array<std::pair<std::string_view, E>, N>& choices,
           std::optional<std::type_identity_t<E>> fallback = std::nullopt) {
    std::vector<std::string> words;
    for (const auto& [word, meaning] : choices)
      words.emplace_back(word);
    const std::optional<std::size_t> index = choice_index(key, words, !fallback.has_value());
    return index ? choices[*index].second : fallback.value_or(choices.front().second);
  }

  /// The reader of a table inside this one; of an empty table, without complaint about what is missing in it, if there
  /// is none.
  TableReader table(std::string_view key);
  /// Readers of the tables of an array, or of the one table given in its place; at most `most`.
  std::vector<TableReader> tables(std::string_view key, std::size_t most);

  /// Reports a problem with a key, at its value, or at the table where there is no such key.
  void error(std::string_view key, std::string rule, std::string message, std::string accepted = "",
             std::string hint = "");
  void warning(std::string_view key, std::string rule, std::string message, std::string hint = "");

  /// Reports that a key is missing, if it is and if that is to be reported.
  void missing(std::string_view key, std::string accepted);

  /// Reports a problem found elsewhere as one with this key: at its place, under its name.
  void add(std::string_view key, Diagnostic diagnostic);

  /// Reports every key that was not asked for, with the nearest one that was, or with the table it belongs to if
  /// `elsewhere` (dotted keys of the whole document) has it there.
  void finish(std::span<const std::string_view> elsewhere = {});

  const std::string& path() const { return path_; }

private:
  std::string dotted(std::string_view key) const;
  Diagnostic about(std::string_view key, std::string rule, std::string message) const;
  const TomlValue* required(std::string_view key, bool needed, std::string_view accepted);
  void wrong_kind(std::string_view key, const TomlValue& value, std::string_view expected);
  bool within(std::string_view key, const TomlValue& value, const Bounds& bounds, double base_value);
  std::optional<std::size_t> choice_index(std::string_view key, const std::vector<std::string>& words, bool needed);

  const TomlValue* table_;
  std::string path_;
  Diagnostics* diagnostics_;
  bool report_missing_;
  std::vector<std::string> known_;
};

} // namespace limbflow::core
