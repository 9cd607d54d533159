// A model's parameters and controls in another scalar: they are plain values of it, one after the other.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace limbflow::benchmarks {

template <template <class> class Set>
inline constexpr std::size_t value_count = sizeof(Set<double>) / sizeof(double);

template <template <class> class Set>
std::array<double, value_count<Set>> flat(const Set<double>& values) {
  static_assert(std::is_trivially_copyable_v<Set<double>> && sizeof(Set<double>) % sizeof(double) == 0);
  return std::bit_cast<std::array<double, value_count<Set>>>(values);
}

/// of(i): the value with the place i among them.
template <class T, template <class> class Set, class Of>
Set<T> made_of(Of&& of) {
  static_assert(sizeof(Set<T>) == value_count<Set> * sizeof(T), "values that are not all of the scalar's type");
  Set<T> values{};
  T* const first = reinterpret_cast<T*>(std::addressof(values));
  for (std::size_t i = 0; i < value_count<Set>; ++i)
    first[i] = of(i);
  return values;
}

/// Constants.
template <class T, template <class> class Set>
Set<T> converted(const Set<double>& values) {
  const auto numbers = flat<Set>(values);
  return made_of<T, Set>([&](std::size_t i) { return T(numbers[i]); });
}

} // namespace limbflow::benchmarks
