#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace limbflow::core {

enum class Level { error, warning };

/// One problem of one input, complete enough to be shown to a person or handed on as data.
/// `line` and `column` count from 1; 0 means that the problem has no place inside the file. What was given by itself, as on
/// the command line, has no file and no line; `source_line` is then `key = text`, and `column` counts in it.
struct Diagnostic {
  Level level = Level::error;
  std::string rule;        ///< stable identifier such as "unknown-key", "missing-unit", "out-of-range"
  std::string file;        ///< as the user named it
  int line = 0;            ///< 1-based
  int column = 0;          ///< 1-based, counted in characters
  std::string source_line; ///< the text of that line, without its end
  std::string key;         ///< dotted, e.g. "cuff.pressure" or "exercise[2].load"
  std::string value;       ///< as written
  std::string message;
  std::string accepted; ///< what would have been accepted; empty when there is nothing to list
  std::string nearest;  ///< the nearest known key, unit, choice or name
  std::string hint;     ///< a free remark
};

/// `file:line:col: error: key: message`, the source line with a caret under the column, then `accepted:`, `nearest:`
/// and `hint:` where there is something to say. Ends without a newline.
std::string render(const Diagnostic& diagnostic);

/// Bad input. Holds every problem that was found, not the first; `what()` renders them all.
class InputError : public std::runtime_error {
public:
  explicit InputError(std::vector<Diagnostic> diagnostics);
  explicit InputError(Diagnostic diagnostic);
  const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }

private:
  std::vector<Diagnostic> diagnostics_;
};

/// Collects the problems of one reading, over all files that take part in it.
class Diagnostics {
public:
  void add(Diagnostic diagnostic);
  bool has_errors() const noexcept;
  /// All problems so far, grouped by file in order of first appearance, then by place.
  std::vector<Diagnostic> sorted() const;
  /// The warnings alone, in the order of `sorted()`.
  std::vector<Diagnostic> warnings() const;
  /// Throws InputError with every problem if at least one of them is an error.
  void throw_if_errors() const;

private:
  std::vector<Diagnostic> items_;
};

/// Number of edits (insert, delete, substitute, swap of neighbours) between two words, ignoring case: the
/// Damerau-Levenshtein distance in its optimal string alignment form (Damerau 1964, Commun ACM 7:171).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, or nothing if none is near (more than a third of the longer word edited, at least
/// two edits allowed). Ties go to the earlier candidate.
std::optional<std::string> nearest_key(std::string_view word, std::span<const std::string> candidates);

/// "a, b, c"
std::string join(std::span<const std::string> words, std::string_view separator = ", ");

} // namespace limbflow::core
