#pragma once
/// LU factors of many matrices of one sparsity, each number of which may be as many as there are lanes.
///
/// The order of elimination is chosen once for the sparsity: always the diagonal entry that brings the least work
/// (Markowitz 1957, Manage Sci 3:255). From it follow the entries that fill in, and lists of which entry is taken off
/// which: factoring and solving run down these lists and ask nothing of the numbers. There is no pivoting; what comes of
/// it is for the caller to check.

#include "core/scalar.hpp"
#include "core/sparsity.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace limbflow::core {

/// What of an elimination depends on the sparsity alone.
class EliminationPlan {
public:
  explicit EliminationPlan(const Sparsity& sparsity) : count(sparsity.size) {
    if (count > std::numeric_limits<std::uint8_t>::max() + std::size_t{1})
      throw std::length_error("EliminationPlan: a matrix of more than 256 rows");
    std::vector<std::vector<bool>> filled(count, std::vector<bool>(count, false)); // [row][column]
    for (const auto& [row, column] : sparsity.entries)
      filled[row][column] = true;
    for (std::size_t i = 0; i < count; ++i)
      filled[i][i] = true;
    choose_order(filled);
    number(filled);
    for (const auto& [row, column] : sparsity.entries)
      places.push_back(place[row * count + column]);
    list_updates(filled);
  }

  /// Of a matrix with its fill.
  std::size_t entries() const { return filled_entries; }
  /// Products that are taken off in one factorisation.
  std::size_t updates() const { return pairs.size(); }

private:
  template <class T> friend class SparseLU;
  using Index = std::uint16_t;

  void choose_order(std::vector<std::vector<bool>>& filled) {
    std::vector<bool> left(count, true);
    for (std::size_t step = 0; step < count; ++step) {
      std::size_t best = count, least = std::numeric_limits<std::size_t>::max();
      for (std::size_t k = 0; k < count; ++k) {
        if (!left[k])
          continue;
        std::size_t in_row = 0, in_column = 0;
        for (std::size_t j = 0; j < count; ++j) {
          in_row += left[j] && filled[k][j];
          in_column += left[j] && filled[j][k];
        }
        if (const std::size_t work = (in_row - 1) * (in_column - 1); work < least) {
          least = work;
          best = k;
        }
      }
      order.push_back(static_cast<Index>(best));
      left[best] = false;
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t j = 0; j < count; ++j)
          if (left[i] && left[j] && filled[i][best] && filled[best][j])
            filled[i][j] = true;
    }
  }

  void number(const std::vector<std::vector<bool>>& filled) {
    place.assign(count * count, 0);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < count; ++j)
        if (filled[i][j])
          place[i * count + j] = static_cast<Index>(filled_entries++);
    for (std::size_t i = 0; i < count; ++i)
      diagonal.push_back(place[i * count + i]);
  }

  void list_updates(const std::vector<std::vector<bool>>& filled) {
    std::vector<bool> left(count, true);
    for (const Index k : order) {
      left[k] = false;
      Pivot pivot{k, diagonal[k], below.size(), 0, right.size(), 0};
      for (std::size_t j = 0; j < count; ++j)
        if (left[j] && filled[k][j])
          right.push_back({static_cast<Index>(j), place[k * count + j]});
      pivot.right_end = right.size();
      for (std::size_t i = 0; i < count; ++i) {
        if (!left[i] || !filled[i][k])
          continue;
        below.push_back({static_cast<Index>(i), place[i * count + k]});
        for (std::size_t r = pivot.right_begin; r < pivot.right_end; ++r)
          pairs.push_back(place[i * count + right[r].index]);
      }
      pivot.below_end = below.size();
      pivots.push_back(pivot);
    }
  }

  struct Pivot {
    Index index, diagonal;
    std::size_t below_begin, below_end; // entries of its column that are left
    std::size_t right_begin, right_end; // entries of its row that are left
  };
  struct Off {
    Index index, place; // row or column; where its entry is
  };

  std::size_t count;
  std::size_t filled_entries = 0;
  std::vector<Index> order, place, diagonal;
  std::vector<Index> places; // of the sparsity's entries
  std::vector<Pivot> pivots;
  std::vector<Off> below, right;
  std::vector<Index> pairs; // what each product of an entry below and one to the right is taken off, pivot by pivot
};

/// T: double or Lanes.
template <class T> class SparseLU {
public:
  /// `plan` must outlive the factors.
  explicit SparseLU(const EliminationPlan& elimination) : plan(&elimination), values(plan->filled_entries) {}

  /// Factors shift I - J. jacobian: J's entries, in the order of the sparsity.
  void factor(const T& shift, const T* jacobian) {
    for (T& value : values)
      value = T(0.0);
    for (std::size_t e = 0; e < plan->places.size(); ++e)
      values[plan->places[e]] = -jacobian[e];
    for (const auto place : plan->diagonal)
      values[place] = values[place] + shift;
    const auto* target = plan->pairs.data();
    for (const auto& pivot : plan->pivots) {
      const T reciprocal = 1.0 / values[pivot.diagonal];
      values[pivot.diagonal] = reciprocal;
      for (std::size_t b = pivot.below_begin; b < pivot.below_end; ++b) {
        T& entry = values[plan->below[b].place];
        entry = entry * reciprocal;
        const T factor = -entry;
        for (std::size_t r = pivot.right_begin; r < pivot.right_end; ++r, ++target)
          values[*target] = multiply_add(factor, values[plan->right[r].place], values[*target]);
      }
    }
  }

  /// The right-hand side becomes the solution.
  void solve(T* x) const {
    for (const auto& pivot : plan->pivots) {
      const T known = -x[pivot.index];
      for (std::size_t b = pivot.below_begin; b < pivot.below_end; ++b) {
        const auto& [row, place] = plan->below[b];
        x[row] = multiply_add(values[place], known, x[row]);
      }
    }
    for (auto pivot = plan->pivots.rbegin(); pivot != plan->pivots.rend(); ++pivot) {
      T sum = x[pivot->index];
      for (std::size_t r = pivot->right_begin; r < pivot->right_end; ++r) {
        const auto& [column, place] = plan->right[r];
        sum = multiply_add(-values[place], x[column], sum);
      }
      x[pivot->index] = sum * values[pivot->diagonal];
    }
  }

private:
  const EliminationPlan* plan;
  std::vector<T> values; // U, with the reciprocals of its diagonal, and L below it
};

} // namespace limbflow::core
