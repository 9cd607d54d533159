// Dual numbers against closed forms and central differences.
#include "core/dual.hpp"
#include "tests/core/toy_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace limbflow::core {
namespace {

using namespace toys;
using D = Dual<2>;

struct Rule {
  std::string name;
  std::function<D(const D&, const D&)> dual;
  std::function<double(double, double)> plain;
};

// Every rule is one expression, written once and used with both scalars.
#define RULE(expression)                                                                                                         \
  Rule {                                                                                                                         \
#expression,                                                                                                                   \
        [](const D& x, const D& y) -> D {                                                                                          \
          using std::exp, std::log, std::sqrt, std::tanh, std::pow, std::abs, std::min, std::max, std::sin, std::cos, std::log1p,  \
              std::expm1, std::floor;                                                                                              \
          static_cast<void>(x), static_cast<void>(y);                                                                                                    \
          return expression;                                                                                                       \
        },                                                                                                                         \
        [](double x, double y) -> double {                                                                                         \
          using std::exp, std::log, std::sqrt, std::tanh, std::pow, std::abs, std::min, std::max, std::sin, std::cos, std::log1p,  \
              std::expm1, std::floor;                                                                                              \
          static_cast<void>(x), static_cast<void>(y);                                                                                                    \
          return expression;                                                                                                       \
        } \
  }

const std::vector<Rule>& rules() {
  static const std::vector<Rule> list{RULE(x + y),
                                      RULE(x - y),
                                      RULE(x * y),
                                      RULE(x / y),
                                      RULE(-x),
                                      RULE(+x),
                                      RULE(x + 2.0),
                                      RULE(2.0 + x),
                                      RULE(x - 2.0),
                                      RULE(2.0 - x),
                                      RULE(x * 3),
                                      RULE(3 * x),
                                      RULE(x / 2.0),
                                      RULE(2.0 / x),
                                      RULE(exp(x * y)),
                                      RULE(log(x + y)),
                                      RULE(sqrt(x * y)),
                                      RULE(tanh(x - y)),
                                      RULE(sin(x * y)),
                                      RULE(cos(x / y)),
                                      RULE(log1p(x * y)),
                                      RULE(expm1(x * y)),
                                      RULE(pow(x, y)),
                                      RULE(pow(x, 2.4)),
                                      RULE(pow(1.7, y)),
                                      RULE(pow(x, 2)),
                                      RULE(abs(x - y)),
                                      RULE(abs(y - x)),
                                      RULE(min(x, y)),
                                      RULE(max(x, y)),
                                      RULE(max(x - 5.0, 0.0 * y)),
                                      RULE(x > y ? x * x : y * y),
                                      RULE(floor(x) * y),
                                      RULE((x + y) * exp(-x) / (1.0 + x * x))};
  return list;
}

TEST(Dual, EveryRuleAgreesWithCentralDifferences) {
  for (const auto& [x, y] : {std::array{1.3, 0.7}, std::array{0.45, 2.2}}) {
    for (const Rule& rule : rules()) {
      const D result = rule.dual(D::variable(x, 0), D::variable(y, 1));
      EXPECT_DOUBLE_EQ(result.value, rule.plain(x, y)) << rule.name;
      const double h = 1e-5;
      const double by_x = (rule.plain(x + h, y) - rule.plain(x - h, y)) / (2.0 * h);
      const double by_y = (rule.plain(x, y + h) - rule.plain(x, y - h)) / (2.0 * h);
      EXPECT_NEAR(result.partials[0], by_x, 1e-8 * std::max(1.0, std::abs(by_x)))
          << rule.name << " by x at " << x << ", " << y;
      EXPECT_NEAR(result.partials[1], by_y, 1e-8 * std::max(1.0, std::abs(by_y)))
          << rule.name << " by y at " << x << ", " << y;
    }
  }
}

TEST(Dual, CompoundAssignmentIsTheOperator) {
  const D x = D::variable(1.3, 0), y = D::variable(0.7, 1);
  D sum = x, difference = x, product = x, quotient = x;
  sum += y;
  difference -= y;
  product *= y;
  quotient /= y;
  EXPECT_EQ(sum.partials, (x + y).partials);
  EXPECT_EQ(difference.partials, (x - y).partials);
  EXPECT_EQ(product.partials, (x * y).partials);
  EXPECT_EQ(quotient.partials, (x / y).partials);
  EXPECT_EQ(quotient.value, 1.3 / 0.7);
  product *= product; // an operand that is also the target
  EXPECT_NEAR(product.partials[0], 2.0 * 1.3 * 0.7 * 0.7, 1e-15);
}

TEST(Dual, APowerOfZeroDoesNotChangeWithItsExponent) {
  const D zero_to_y = pow(0.0, D::variable(2.5, 0));
  EXPECT_EQ(zero_to_y.value, 0.0);
  EXPECT_EQ(zero_to_y.partials[0], 0.0);
}

TEST(Dual, ComparisonsLookAtTheValueOnly) {
  const D a = D::variable(1.0, 0), b = D::variable(1.0, 1), c(2.0);
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(a != c);
  EXPECT_TRUE(a < c && c > a && a <= b && a >= b && a < 1.5 && 0.5 < a);
  EXPECT_EQ(min(a, b).partials, a.partials); // a tie takes the first
  EXPECT_EQ(max(a, b).partials, a.partials);
}

/// Largest difference of the Jacobian from central differences.
template <class M>
double difference_from_differences(double t, std::array<double, M::state_count> y, const ParametersOf<M>& parameters,
                                   const ControlsOf<M>& controls) {
  const auto exact = jacobian<M>(t, y.data(), parameters, controls);
  double largest = 0.0;
  for (std::size_t j = 0; j < M::state_count; ++j) {
    std::array<double, M::state_count> ahead = y, behind = y, f_ahead, f_behind;
    const double h = 1e-5 * std::max(1.0, std::abs(y[j]));
    ahead[j] += h;
    behind[j] -= h;
    M::template rhs<double>(t, ahead.data(), f_ahead.data(), parameters, controls);
    M::template rhs<double>(t, behind.data(), f_behind.data(), parameters, controls);
    for (std::size_t i = 0; i < M::state_count; ++i)
      largest = std::max(largest, std::abs((f_ahead[i] - f_behind[i]) / (2.0 * h) -
                                           exact(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j))));
  }
  return largest;
}

TEST(Jacobian, IsExactForVanDerPol) {
  const std::array<double, 2> y{1.4, -2.3};
  const auto result = jacobian<VanDerPol>(0.0, y.data(), {5.0}, {});
  EXPECT_EQ(result(0, 0), 0.0);
  EXPECT_EQ(result(0, 1), 1.0);
  EXPECT_DOUBLE_EQ(result(1, 0), -2.0 * 5.0 * 1.4 * -2.3 - 1.0);
  EXPECT_DOUBLE_EQ(result(1, 1), 5.0 * (1.0 - 1.4 * 1.4));
}

TEST(Jacobian, IsExactForTheWindkessel) {
  const double y = 80.0;
  const auto result = jacobian<Windkessel>(0.3, &y, {1.2, 1.5, 6.8}, {80.0});
  EXPECT_DOUBLE_EQ(result(0, 0), -1.0 / (1.2 * 1.5));
}

TEST(Jacobian, AgreesWithDifferencesOnTheToyModels) {
  EXPECT_LT((difference_from_differences<VanDerPol>(0.0, {1.4, -2.3}, {5.0}, {})), 1e-8);
  EXPECT_LT((difference_from_differences<Windkessel>(0.3, {80.0}, {1.2, 1.5, 6.8}, {80.0})), 1e-9);
  EXPECT_LT((difference_from_differences<Decay>(0.0, {1.0}, {0.7}, {0.2})), 1e-9);
  EXPECT_LT((difference_from_differences<StiffCosine>(0.4, {1.0}, {1000.0}, {})), 1e-6);
  EXPECT_LT((difference_from_differences<Oscillator>(0.0, {0.3, -0.4}, {}, {})), 1e-9);
}

} // namespace
} // namespace limbflow::core
