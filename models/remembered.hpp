// Results that took long, kept for whoever asks for the same again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace limbflow::models {

/// Bytes of values that hold no pointers and no padding: two keys are equal where all the values have the same bits.
template <class... Values>
std::string key_of(const Values&... values) {
  static_assert((std::is_trivially_copyable_v<Values> && ...), "compared byte by byte");
  std::string key;
  (key.append(reinterpret_cast<const char*>(&values), sizeof values), ...);
  return key;
}

/// The results that were used last, by key_of() what they follow from. Safe to share between threads.
template <class Result>
class Remembered {
public:
  explicit Remembered(std::size_t capacity) : most(capacity) {}

  std::optional<Result> find(const std::string& key) {
    const std::lock_guard lock(mutex);
    const auto known = std::find_if(latest.begin(), latest.end(), [&](const auto& entry) { return entry.first == key; });
    if (known == latest.end())
      return std::nullopt;
    latest.splice(latest.begin(), latest, known);
    return latest.front().second;
  }

  void remember(std::string key, Result result) {
    const std::lock_guard lock(mutex);
    latest.emplace_front(std::move(key), std::move(result));
    if (latest.size() > most)
      latest.pop_back();
  }

private:
  std::size_t most;
  std::mutex mutex;
  std::list<std::pair<std::string, Result>> latest; // most recently used first
};

} // namespace limbflow::models
