#pragma once
/// Which states a rate of change can depend on: read off the model's code, once, by a scalar that carries nothing but the
/// set of what went into it. And how to get all derivatives from few directions: states that no rate has in common
/// are moved together (Curtis, Powell & Reid 1974, J Inst Math Appl 13:117).

#include "core/model.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <memory>
#include <vector>

namespace limbflow::core {

/// What a value was made from: the states, and time as number N - 1. Conditions are not followed: both sides count.
template <std::size_t N> struct Dependence {
  std::bitset<N> on;

  Dependence() = default;
  /// A constant.
  Dependence(double) {}
  static Dependence variable(std::size_t index) {
    Dependence result;
    result.on.set(index);
    return result;
  }

  Dependence& operator+=(const Dependence& b) { return *this = *this + b; }
  Dependence& operator-=(const Dependence& b) { return *this = *this - b; }
  Dependence& operator*=(const Dependence& b) { return *this = *this * b; }
  Dependence& operator/=(const Dependence& b) { return *this = *this / b; }

  friend Dependence operator+(const Dependence& a) { return a; }
  friend Dependence operator-(const Dependence& a) { return a; }
  friend Dependence operator+(const Dependence& a, const Dependence& b) { return both(a, b); }
  friend Dependence operator-(const Dependence& a, const Dependence& b) { return both(a, b); }
  friend Dependence operator*(const Dependence& a, const Dependence& b) { return both(a, b); }
  friend Dependence operator/(const Dependence& a, const Dependence& b) { return both(a, b); }
  friend Dependence min(const Dependence& a, const Dependence& b) { return both(a, b); }
  friend Dependence max(const Dependence& a, const Dependence& b) { return both(a, b); }
  friend Dependence pow(const Dependence& a, const Dependence& b) { return both(a, b); }
  friend Dependence exp(const Dependence& a) { return a; }
  friend Dependence log(const Dependence& a) { return a; }
  friend Dependence sqrt(const Dependence& a) { return a; }
  friend Dependence tanh(const Dependence& a) { return a; }
  friend Dependence sin(const Dependence& a) { return a; }
  friend Dependence cos(const Dependence& a) { return a; }
  friend Dependence abs(const Dependence& a) { return a; }
  /// Has no slope.
  friend Dependence floor(const Dependence&) { return {}; }

  /// A condition that cannot be known: an iteration that goes on while it holds goes on for as long as it may.
  struct Condition {
    friend Condition operator&&(Condition, Condition) { return {}; }
    friend Condition operator||(Condition, Condition) { return {}; }
    friend bool any(Condition) { return true; }
  };
  friend Condition operator<(const Dependence&, const Dependence&) { return {}; }
  friend Condition operator<=(const Dependence&, const Dependence&) { return {}; }
  friend Condition operator>(const Dependence&, const Dependence&) { return {}; }
  friend Condition operator>=(const Dependence&, const Dependence&) { return {}; }
  friend Dependence select(Condition, const Dependence& a, const Dependence& b) { return both(a, b); }

private:
  static Dependence both(const Dependence& a, const Dependence& b) {
    Dependence result;
    result.on = a.on | b.on;
    return result;
  }
};

/// The entries of a Jacobian that may differ from zero.
struct Sparsity {
  struct Entry {
    std::size_t row, column;
  };
  std::size_t size = 0;           ///< rows, and columns
  std::vector<Entry> entries;     ///< by rows; the diagonal is always there
  std::vector<std::size_t> group; ///< of each column: columns of a group have no row in common
  std::size_t groups = 0;
  bool of_time = false; ///< a rate depends on time itself
};

/// Columns into groups: each, those with most entries first, into the first group that it fits.
inline void group_columns(Sparsity& sparsity) {
  const std::size_t size = sparsity.size;
  std::vector<std::vector<std::size_t>> rows(size);
  for (const auto& [row, column] : sparsity.entries)
    rows[column].push_back(row);
  std::vector<std::size_t> order(size);
  for (std::size_t j = 0; j < size; ++j)
    order[j] = j;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rows[a].size() > rows[b].size(); });
  std::vector<std::vector<bool>> taken; // [group][row]
  sparsity.group.assign(size, 0);
  for (const std::size_t column : order) {
    const auto fits = [&](const std::vector<bool>& group) {
      return std::none_of(rows[column].begin(), rows[column].end(), [&](std::size_t row) { return group[row]; });
    };
    const auto place = std::find_if(taken.begin(), taken.end(), fits);
    sparsity.group[column] = static_cast<std::size_t>(place - taken.begin());
    auto& group = place == taken.end() ? taken.emplace_back(size, false) : *place;
    for (const std::size_t row : rows[column])
      group[row] = true;
  }
  sparsity.groups = taken.size();
}

/// That of a model's right-hand side.
template <Model M> Sparsity sparsity_of() {
  constexpr std::size_t size = M::state_count;
  using Scalar = Dependence<size + 1>;
  std::array<Scalar, size> state, rates;
  for (std::size_t j = 0; j < size; ++j)
    state[j] = Scalar::variable(j);
  const auto parameters = std::make_unique<typename M::template Parameters<Scalar>>();
  const typename M::template Controls<Scalar> controls{};
  M::template rhs<Scalar>(Scalar::variable(size), state.data(), rates.data(), *parameters, controls);
  Sparsity sparsity;
  sparsity.size = size;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j)
      if (i == j || rates[i].on[j])
        sparsity.entries.push_back({i, j});
    sparsity.of_time = sparsity.of_time || rates[i].on[size];
  }
  group_columns(sparsity);
  return sparsity;
}

} // namespace limbflow::core
