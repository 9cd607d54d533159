#include "core/diagnostics.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace limbflow::core {
namespace {

constexpr std::size_t widest_shown_line = 160;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The source line cut to a window around the column, with the caret line that goes under it.
std::pair<std::string, std::string> line_and_caret(const std::string& line, int column) {
  std::vector<std::string> characters;
  for (const char c : line) {
    if (!characters.empty() && continues_character(c))
      characters.back() += c;
    else if (static_cast<unsigned char>(c) < 0x20U && c != '\t')
      characters.emplace_back("?");
    else
      characters.emplace_back(1, c);
  }
  const std::size_t caret = column > 0 ? static_cast<std::size_t>(column) - 1 : 0;
  std::size_t first = 0;
  if (characters.size() > widest_shown_line && caret > widest_shown_line / 2)
    first = std::min(caret - widest_shown_line / 2, characters.size() - widest_shown_line);
  const std::size_t last = std::min(characters.size(), first + widest_shown_line);
  std::string shown, under;
  for (std::size_t i = first; i < last; ++i) {
    shown += characters[i];
    if (i < caret)
      under += characters[i] == "\t" ? "\t" : " ";
  }
  under.append(caret > last ? caret - last : 0, ' ');
  return {shown, under + "^"};
}

} // namespace

std::string render(const Diagnostic& d) {
  std::string out = d.file;
  if (d.line > 0) {
    out.append(":").append(std::to_string(d.line));
    if (d.column > 0)
      out.append(":").append(std::to_string(d.column));
  }
  if (!out.empty())
    out += ": ";
  out += d.level == Level::error ? "error: " : "warning: ";
  if (!d.key.empty())
    out += d.key + ": ";
  out += d.message;
  if (!d.source_line.empty()) {
    const std::string number = d.line > 0 ? std::to_string(d.line) + " | " : "";
    const std::string under = d.line > 0 ? std::string(number.size() - 3, ' ') + " | " : "";
    const auto [shown, caret] = line_and_caret(d.source_line, d.column);
    out += "\n  " + number + shown;
    if (d.column > 0)
      out += "\n  " + under + caret;
  }
  if (!d.accepted.empty())
    out += "\n  accepted: " + d.accepted;
  if (!d.nearest.empty())
    out += "\n  nearest: " + d.nearest;
  if (!d.hint.empty())
    out += "\n  hint: " + d.hint;
  return out;
}

namespace {

std::string render_all(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics) {
    if (!out.empty())
      out += "\n";
    out += render(d);
  }
  const auto errors = std::ranges::count(diagnostics, Level::error, &Diagnostic::level);
  if (errors > 1)
    out.append("\n").append(std::to_string(errors)).append(" problems");
  return out;
}

} // namespace

InputError::InputError(std::vector<Diagnostic> diagnostics)
    : std::runtime_error(render_all(diagnostics)), diagnostics_(std::move(diagnostics)) {}

InputError::InputError(Diagnostic diagnostic) : InputError(std::vector<Diagnostic>{std::move(diagnostic)}) {}

void Diagnostics::add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }

bool Diagnostics::has_errors() const noexcept {
  return std::ranges::any_of(items_, [](const Diagnostic& d) { return d.level == Level::error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::map<std::string, std::size_t> order;
  for (const Diagnostic& d : items_)
    order.emplace(d.file, order.size());
  std::vector<Diagnostic> out = items_;
  std::ranges::stable_sort(out, [&](const Diagnostic& a, const Diagnostic& b) {
    return std::tuple(order[a.file], a.line, a.column) < std::tuple(order[b.file], b.line, b.column);
  });
  return out;
}

std::vector<Diagnostic> Diagnostics::warnings() const {
  std::vector<Diagnostic> out = sorted();
  std::erase_if(out, [](const Diagnostic& d) { return d.level != Level::warning; });
  return out;
}

void Diagnostics::throw_if_errors() const {
  if (has_errors())
    throw InputError(sorted());
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::optional<std::string> nearest_key(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t longest_word = 100; // anything longer is not a misspelling, and the distance is quadratic
  if (word.empty() || word.size() > longest_word)
    return std::nullopt;
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    const std::size_t allowed = std::min(longer - 1, std::max<std::size_t>(2, longer / 3));
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= allowed && (best == nullptr || distance < best_distance)) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::string join(std::span<const std::string> words, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      out += separator;
    out += words[i];
  }
  return out;
}

} // namespace limbflow::core
