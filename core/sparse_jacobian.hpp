#pragma once
/// The Jacobian of a model by dual numbers, in as few directions as its sparsity allows: of one run or of as many as there
/// are lanes.

#include "core/sparse_dual.hpp"
#include "core/sparsity.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

namespace limbflow::core {

/// V: double or Lanes.
template <Model M, class V> class SparseJacobian {
public:
  static constexpr std::size_t size = M::state_count;

  /// `sparsity`: of the model; must outlive this.
  explicit SparseJacobian(const Sparsity& sparsity) : pattern(&sparsity), values(sparsity.entries.size(), V(0.0)) {}

  /// All that follows, at absolute time t (s) and state y (state_count values).
  void evaluate(const V& t, const V* y, const typename M::template Parameters<V>& parameters,
                const typename M::template Controls<V>& controls) {
    take_numbers(parameters, scratch->parameters);
    take_numbers(controls, scratch->controls);
    const std::size_t directions = pattern->groups + (pattern->of_time ? 1 : 0);
    for (std::size_t first = 0; first < directions; first += Scalar::most)
      evaluate(t, y, first);
  }

  /// Derivatives to states, in the order of the sparsity. One that is not finite counts as zero.
  const V* entries() const { return values.data(); }
  /// Derivatives to time, the same.
  const std::array<V, size>& of_time() const { return by_time; }
  /// The right-hand side.
  const std::array<V, size>& rates() const { return slopes; }

private:
  using Scalar = SparseDual<V>;

  template <class From, class To> static void take_numbers(const From& from, To& to) {
    if constexpr (!std::is_empty_v<From>) {
      constexpr std::size_t count = sizeof(From) / sizeof(V);
      static_assert(sizeof(From) == count * sizeof(V) && sizeof(To) == count * sizeof(Scalar),
                    "the Jacobian needs values that are all of the scalar's type");
      const auto* number = reinterpret_cast<const V*>(&from);
      auto* dual = reinterpret_cast<Scalar*>(&to);
      for (std::size_t i = 0; i < count; ++i)
        dual[i].value = number[i];
    }
  }

  static V finite(const V& slope) {
    using std::abs;
    return select(abs(slope) < V(std::numeric_limits<double>::infinity()), slope, V(0.0));
  }

  /// Directions from `first` on, as many as fit. Time is the last.
  void evaluate(const V& t, const V* y, std::size_t first) {
    const auto here = [&](std::size_t direction) { return direction >= first && direction < first + Scalar::most; };
    for (std::size_t j = 0; j < size; ++j) {
      const std::size_t direction = pattern->group[j];
      scratch->state[j] = here(direction) ? Scalar::variable(y[j], direction - first) : Scalar(y[j]);
    }
    const bool with_time = pattern->of_time && here(pattern->groups);
    const Scalar now = with_time ? Scalar::variable(t, pattern->groups - first) : Scalar(t);
    auto& rates_of = scratch->rates;
    M::template rhs<Scalar>(now, scratch->state.data(), rates_of.data(), scratch->parameters, scratch->controls);
    for (std::size_t e = 0; e < pattern->entries.size(); ++e) {
      const auto& [row, column] = pattern->entries[e];
      if (here(pattern->group[column]))
        values[e] = finite(rates_of[row].partial(pattern->group[column] - first));
    }
    for (std::size_t i = 0; i < size; ++i) {
      slopes[i] = rates_of[i].value;
      if (with_time)
        by_time[i] = finite(rates_of[i].partial(pattern->groups - first));
    }
  }

  struct Scratch {
    typename M::template Parameters<Scalar> parameters{};
    typename M::template Controls<Scalar> controls{};
    std::array<Scalar, size> state, rates;
  };

  const Sparsity* pattern;
  std::unique_ptr<Scratch> scratch = std::make_unique<Scratch>();
  std::vector<V> values;
  std::array<V, size> by_time = filled(), slopes = filled();

  static std::array<V, size> filled() {
    std::array<V, size> zeros;
    zeros.fill(V(0.0));
    return zeros;
  }
};

} // namespace limbflow::core
