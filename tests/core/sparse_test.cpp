// Sparsity, sparse dual numbers and sparse factors, on their own.
#include "core/sparse_dual.hpp"
#include "core/sparse_jacobian.hpp"
#include "core/sparse_lu.hpp"
#include "core/sparsity.hpp"
#include "tests/core/toy_models.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace limbflow::core {
namespace {

using namespace toys;
using S = SparseDual<double>;
using D = Dual<3>;

struct Rule {
  std::string name;
  std::function<S(const S&, const S&)> sparse;
  std::function<D(const D&, const D&)> dense;
};

// Every rule is one expression, written once and used with both scalars.
#define RULE(expression)                                                                                                 \
  Rule {                                                                                                                 \
#expression,                                                                                                           \
        [](const S& x, const S& y) -> S { static_cast<void>(x), static_cast<void>(y); return expression; },                \
        [](const D& x, const D& y) -> D { static_cast<void>(x), static_cast<void>(y); return expression; }                 \
  }

TEST(SparseDual, EveryRuleAgreesWithDenseDuals) {
  const std::vector<Rule> rules{RULE(x + y), RULE(x - y), RULE(x * y), RULE(x / y), RULE(-x), RULE(+x), RULE(x + 2.0), RULE(2.0 + x),
                                RULE(x - 2.0), RULE(2.0 - x), RULE(x * 3.0), RULE(3.0 * x), RULE(x / 2.0), RULE(2.0 / x),
                                RULE(exp(x * y)), RULE(log(x + y)), RULE(sqrt(x * y)), RULE(tanh(x - y)), RULE(sin(x * y)),
                                RULE(cos(x / y)), RULE(pow(x, y)), RULE(abs(x - y)), RULE(abs(y - x)), RULE(min(x, y)), RULE(max(x, y)),
                                RULE(max(x - 5.0, 0.0 * y)), RULE(min(x, 1.0)), RULE(max(2.0, y)), RULE(select(x > y, x * x, y)),
                                RULE(select(x <= y, x * x, y)), RULE(select(x < y || x >= 2.0 * y, y, 3.0 * x)), RULE(floor(x) * y),
                                RULE((x + y) * exp(-x) / (1.0 + x * x)), RULE(pow(x, 2.4)), RULE(pow(1.7, y))};
  for (const auto& [x, y] : {std::pair{1.3, 0.7}, std::pair{0.45, 2.2}})
    for (const auto& [x_at, y_at] : {std::pair{0, 1}, std::pair{1, 0}, std::pair{2, 0}, std::pair{1, 1}})
      for (const Rule& rule : rules) {
        const S found = rule.sparse(S::variable(x, static_cast<std::size_t>(x_at)), S::variable(y, static_cast<std::size_t>(y_at)));
        const D exact = rule.dense(D::variable(x, static_cast<std::size_t>(x_at)), D::variable(y, static_cast<std::size_t>(y_at)));
        EXPECT_DOUBLE_EQ(found.value, exact.value) << rule.name;
        for (std::size_t i = 0; i < 3; ++i)
          EXPECT_NEAR(found.partial(i), exact.partials[i], 1e-14 * std::max(1.0, std::abs(exact.partials[i]))) << rule.name << " at " << i;
      }
}

TEST(SparseDual, ConstantsStayConstantsAndCompoundAssignmentIsTheOperator) {
  const S constant(2.0);
  EXPECT_EQ(exp(constant * 3.0 - sqrt(constant)).partial(0), 0.0);
  const S x = S::variable(1.3, 5), y = S::variable(0.7, 31);
  S sum = x, difference = x, product = x, quotient = x;
  sum += y, difference -= y, product *= y, quotient /= y;
  for (const std::size_t i : {5U, 31U, 6U}) {
    EXPECT_EQ(sum.partial(i), (x + y).partial(i));
    EXPECT_EQ(difference.partial(i), (x - y).partial(i));
    EXPECT_EQ(product.partial(i), (x * y).partial(i));
    EXPECT_EQ(quotient.partial(i), (x / y).partial(i));
  }
  product *= product; // an operand that is also the target
  EXPECT_NEAR(product.partial(5), 2.0 * 1.3 * 0.7 * 0.7, 1e-15);
}

TEST(SparseDual, SlopesAtTheEdgesAreFinite) {
  const S zero = S::variable(0.0, 0);
  EXPECT_EQ(sqrt(zero).partial(0), 0.0);
  EXPECT_EQ(pow(zero, S(0.5)).partial(0), 0.0);
  EXPECT_EQ(pow(zero, S::variable(2.0, 1)).partial(1), 0.0);
}

template <class T> struct Trio {
  T a, b, c;
};
template <class T> struct Pair {
  T first, second;
};

TEST(SparseDual, WhatIsCondensedHasTheSameDerivatives) {
  int calls = 0;
  const auto function = [&](const auto& of) {
    ++calls;
    using T = std::remove_cvref_t<decltype(of.a)>;
    return Pair<T>{of.a * exp(of.b) + of.c, max(of.a, of.b) / of.c};
  };
  // six inputs of six, which depend on seven variables
  const auto inputs = [&](const S& shared) {
    return Trio<S>{S::variable(1.1, 0) * S::variable(0.4, 1) + shared, S::variable(0.3, 2) - 2.0 * shared * S::variable(2.0, 3),
                   S::variable(1.7, 31) * shared};
  };
  for (const S& shared : {S::variable(0.6, 7), S(0.6)}) {
    const Trio<S> of = inputs(shared);
    const Pair<S> direct = function(of), through = condensed(of, function);
    for (std::size_t i = 0; i < S::most; ++i) {
      EXPECT_NEAR(through.first.partial(i), direct.first.partial(i), 1e-14) << i;
      EXPECT_NEAR(through.second.partial(i), direct.second.partial(i), 1e-14) << i;
    }
    EXPECT_EQ(through.first.value, direct.first.value);
    EXPECT_EQ(through.second.value, direct.second.value);
  }
  const Pair<S> constant = condensed(Trio<S>{1.0, 2.0, 3.0}, function);
  EXPECT_EQ(constant.first.value, std::exp(2.0) + 3.0);
  EXPECT_EQ(constant.first.partial(0), 0.0);
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(condensed(Trio<double>{1.0, 2.0, 3.0}, [](const Trio<double>& of) { return of.a + of.b + of.c; }), 6.0);
}

TEST(Sparsity, IsWhatTheCodeCanDependOn) {
  const Sparsity tank = sparsity_of<EmptyingTank>();
  std::set<std::pair<std::size_t, std::size_t>> entries;
  for (const auto& [row, column] : tank.entries)
    entries.emplace(row, column);
  EXPECT_EQ(entries, (std::set<std::pair<std::size_t, std::size_t>>{{0, 0}, {1, 1}, {2, 0}, {2, 2}}));
  EXPECT_FALSE(tank.of_time);
  EXPECT_EQ(tank.groups, 2U); // the first and the last column have a row in common
  EXPECT_NE(tank.group[0], tank.group[2]);
  EXPECT_TRUE(sparsity_of<Windkessel>().of_time);
  using One = Dependence<3>;
  const One a = One::variable(0), b = One::variable(1);
  EXPECT_EQ(select(a > b, a, One(1.0)).on.to_ulong(), 1U);
  EXPECT_EQ(max(a, b).on.to_ulong(), 3U);
  EXPECT_EQ((floor(a) * b).on.to_ulong(), 2U);
}

Sparsity random_sparsity(std::size_t size, double share, std::mt19937_64& random) {
  Sparsity sparsity;
  sparsity.size = size;
  std::uniform_real_distribution<double> draw(0.0, 1.0);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      if (i == j || draw(random) < share)
        sparsity.entries.push_back({i, j});
  group_columns(sparsity);
  return sparsity;
}

TEST(Sparsity, ColumnsOfAGroupHaveNoRowInCommon) {
  std::mt19937_64 random{3};
  for (const double share : {0.02, 0.1, 0.5}) {
    const Sparsity sparsity = random_sparsity(40, share, random);
    std::set<std::pair<std::size_t, std::size_t>> seen; // group and row
    for (const auto& [row, column] : sparsity.entries)
      EXPECT_TRUE(seen.emplace(sparsity.group[column], row).second);
    EXPECT_LT(*std::max_element(sparsity.group.begin(), sparsity.group.end()), sparsity.groups);
    if (share < 0.1) {
      EXPECT_LT(sparsity.groups, 10U);
    }
  }
}

TEST(SparseLU, SolvesWhatEigenSolves) {
  std::mt19937_64 random{4};
  std::uniform_real_distribution<double> draw(-1.0, 1.0);
  for (const auto& [size, share] : {std::pair{1, 0.0}, std::pair{2, 1.0}, std::pair{17, 0.2}, std::pair{60, 0.05}}) {
    const auto count = static_cast<std::size_t>(size);
    const Sparsity sparsity = random_sparsity(count, share, random);
    const EliminationPlan plan(sparsity);
    SparseLU<double> factors(plan);
    for (int matrix = 0; matrix < 20; ++matrix) {
      std::vector<double> jacobian(sparsity.entries.size());
      const double shift = 0.6 * static_cast<double>(sparsity.entries.size()) / static_cast<double>(count) + 1.0;
      Eigen::MatrixXd dense = shift * Eigen::MatrixXd::Identity(size, size);
      for (std::size_t e = 0; e < jacobian.size(); ++e) {
        jacobian[e] = draw(random);
        dense(static_cast<Eigen::Index>(sparsity.entries[e].row), static_cast<Eigen::Index>(sparsity.entries[e].column)) -= jacobian[e];
      }
      const Eigen::VectorXd b = Eigen::VectorXd::NullaryExpr(size, [&] { return draw(random); });
      Eigen::VectorXd x = b;
      factors.factor(shift, jacobian.data());
      factors.solve(x.data());
      const Eigen::VectorXd exact = dense.fullPivLu().solve(b);
      EXPECT_LT((x - exact).norm(), 1e-11 * exact.norm()) << size;
    }
  }
}

TEST(SparseLU, FillsInAsLittleAsAnArrowNeedsAndLeavesZeroPivotsToBeSeen) {
  Sparsity arrow; // its first row and column are full: eliminated first it would fill everything
  arrow.size = 20;
  for (std::size_t i = 0; i < arrow.size; ++i)
    for (std::size_t j = 0; j < arrow.size; ++j)
      if (i == j || i == 0 || j == 0)
        arrow.entries.push_back({i, j});
  EXPECT_EQ(EliminationPlan(arrow).entries(), arrow.entries.size());
  Sparsity full;
  full.size = 2;
  full.entries = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
  const EliminationPlan plan(full);
  SparseLU<double> factors(plan);
  const std::array<double, 4> jacobian{1.0, 2.0, 2.0, 1.0};
  factors.factor(1.0, jacobian.data()); // zeros on the diagonal: regular, but not without pivoting
  std::array<double, 2> x{1.0, 1.0};
  factors.solve(x.data());
  EXPECT_FALSE(std::isfinite(x[0]) && std::isfinite(x[1]));
}

TEST(SparseJacobian, IsExactAndDropsWhatIsNotFinite) {
  const Sparsity robertson = sparsity_of<Robertson>();
  SparseJacobian<Robertson, double> jacobian(robertson);
  const std::array<double, 3> y{0.7, 1e-5, 0.3};
  jacobian.evaluate(0.0, y.data(), {}, {});
  const std::array<std::array<double, 3>, 3> exact{{{-0.04, 1e4 * y[2], 1e4 * y[1]},
                                                    {0.04, -1e4 * y[2] - 6e7 * y[1], -1e4 * y[1]},
                                                    {0.0, 6e7 * y[1], 0.0}}};
  for (std::size_t e = 0; e < robertson.entries.size(); ++e)
    EXPECT_DOUBLE_EQ(jacobian.entries()[e], exact[robertson.entries[e].row][robertson.entries[e].column]);
  const Sparsity windkessel = sparsity_of<Windkessel>();
  SparseJacobian<Windkessel, double> forced(windkessel);
  const double pressure = 80.0;
  forced.evaluate(0.3, &pressure, {1.2, 1.5, 6.8}, {80.0});
  EXPECT_DOUBLE_EQ(forced.entries()[0], -1.0 / (1.2 * 1.5));
  EXPECT_NEAR(forced.of_time()[0], 80.0 * 6.8 * std::cos(6.8 * 0.3) / 1.5, 1e-12);
  const Sparsity tank = sparsity_of<EmptyingTank>();
  SparseJacobian<EmptyingTank, double> empty(tank);
  const std::array<double, 3> below{0.0, -1.0, 0.0};
  empty.evaluate(0.0, below.data(), {}, {});
  EXPECT_TRUE(std::isnan(empty.rates()[1]));
  for (std::size_t e = 0; e < tank.entries.size(); ++e)
    EXPECT_TRUE(std::isfinite(empty.entries()[e]));
}

} // namespace
} // namespace limbflow::core
