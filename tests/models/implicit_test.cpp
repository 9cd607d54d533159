// The linearly implicit stepper on the limb: its Jacobian and its factors, the limb at rest, and a session, against the explicit one.
#include "benchmarks/limb_jacobian.hpp"
#include "core/sparse_jacobian.hpp"
#include "core/sparse_lu.hpp"
#include "models/anatomy.hpp"
#include "models/limb_pools.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace limbflow::models {
namespace {

using Controls = LimbControls<double>;

/// A place at which all organs work: a limb at rest, shaken, under a cuff whose pressure moves, asked for force.
struct Place {
  double t = 3.0;
  std::array<double, limb_state_count> y{};
  Controls controls;
};

std::vector<Place> places(const RestingLimb& rest, std::size_t count) {
  std::mt19937_64 random{20261121};
  const auto draw = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
  std::vector<Place> all(count);
  for (Place& place : all) {
    for (std::size_t i = 0; i < limb_state_count; ++i)
      place.y[i] = rest.state[i] * draw(0.8, 1.2) + 1e-3 * AveragedLimb::states()[i].scale * draw(0.0, 1.0);
    place.controls.force = draw(0.0, 0.4);
    place.controls.cuff_pressure_begin = draw(0.0, 200.0);
    place.controls.cuff_pressure_rate = draw(-20.0, 20.0);
    place.controls.cuff_pressure_set = draw(0.0, 200.0);
    place.controls.work_cost = draw(0.0, 0.5);
    place.controls.velocity_factor = draw(0.7, 1.3);
    place.controls.slowest_velocity_factor = place.controls.velocity_factor + 0.1;
    place.controls.shortening_rate = draw(-0.5, 0.5);
  }
  return all;
}

const RestingLimb& rest() {
  static const RestingLimb limb = resting_limb(limb_parameters(load_scenario("30-15-15-15")));
  return limb;
}

template <class Limb>
class ImplicitLimb : public ::testing::Test {};
using BothLimbs = ::testing::Types<AveragedLimb, PulsatileLimb>;
TYPED_TEST_SUITE(ImplicitLimb, BothLimbs);

TYPED_TEST(ImplicitLimb, SparseJacobianIsTheDenseOne) {
  const core::Sparsity sparsity = core::sparsity_of<TypeParam>();
  std::cout << sparsity.entries.size() << " entries, " << sparsity.groups << " groups of columns\n";
  EXPECT_LT(sparsity.entries.size(), limb_state_count * limb_state_count / 2);
  EXPECT_LT(sparsity.groups, limb_state_count);
  EXPECT_TRUE(sparsity.of_time);
  const auto parameters = benchmarks::converted<benchmarks::LimbDual, LimbParameters>(rest().parameters);
  core::SparseJacobian<TypeParam, double> sparse(sparsity);
  double worst = 0.0, worst_rate = 0.0, largest_of_time = 0.0;
  for (const Place& place : places(rest(), 20)) {
    const auto dense = benchmarks::differentiated<TypeParam>(
        place.t, place.y.data(), parameters, benchmarks::converted<benchmarks::LimbDual, LimbControls>(place.controls));
    sparse.evaluate(place.t, place.y.data(), rest().parameters, place.controls);
    std::array<std::array<double, limb_state_count>, limb_state_count> entries{}; // zero where the sparsity has none
    for (std::size_t e = 0; e < sparsity.entries.size(); ++e)
      entries[sparsity.entries[e].row][sparsity.entries[e].column] = sparse.entries()[e];
    for (std::size_t i = 0; i < limb_state_count; ++i) {
      const auto differs = [&](double found, double exact) {
        ASSERT_TRUE(std::isfinite(exact));
        worst = std::max(worst, std::abs(found - exact) / std::max(1e-6, std::abs(exact)));
      };
      for (std::size_t j = 0; j < limb_state_count; ++j)
        differs(entries[i][j], dense[i].partials[j]);
      differs(sparse.of_time()[i], dense[i].partials[limb_state_count]);
      largest_of_time = std::max(largest_of_time, std::abs(sparse.of_time()[i]));
      worst_rate = std::max(worst_rate, std::abs(sparse.rates()[i] - dense[i].value) / std::max(1e-6, std::abs(dense[i].value)));
    }
  }
  std::cout << "largest relative difference of a derivative " << worst << ", of a rate " << worst_rate << '\n';
  EXPECT_LT(worst, 1e-8);
  EXPECT_LT(worst_rate, 1e-12);
  EXPECT_GT(largest_of_time, 1e-3) << "the cuff did not move: the test would prove nothing";
}

TYPED_TEST(ImplicitLimb, FactorsSolveMatricesOfItsSparsity) {
  const core::Sparsity sparsity = core::sparsity_of<TypeParam>();
  const core::EliminationPlan plan(sparsity);
  std::cout << plan.entries() << " entries with fill, " << plan.updates() << " products a factorisation\n";
  EXPECT_LT(plan.entries(), 3 * sparsity.entries.size() / 2);
  core::SparseLU<double> factors(plan);
  std::mt19937_64 random{5};
  std::uniform_real_distribution<double> draw(-1.0, 1.0);
  constexpr auto size = static_cast<Eigen::Index>(limb_state_count);
  double worst = 0.0;
  for (int matrix = 0; matrix < 100; ++matrix) {
    std::vector<double> jacobian(sparsity.entries.size());
    Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(size, size);
    constexpr double shift = 12.0; // rows of up to 28 entries: far from dominant
    for (std::size_t e = 0; e < jacobian.size(); ++e) {
      jacobian[e] = draw(random);
      dense(static_cast<Eigen::Index>(sparsity.entries[e].row), static_cast<Eigen::Index>(sparsity.entries[e].column)) = -jacobian[e];
    }
    dense.diagonal().array() += shift;
    Eigen::VectorXd b(size);
    for (Eigen::Index i = 0; i < size; ++i)
      b[i] = draw(random);
    Eigen::VectorXd x = b;
    factors.factor(shift, jacobian.data());
    factors.solve(x.data());
    const Eigen::VectorXd exact = dense.partialPivLu().solve(b);
    worst = std::max(worst, (x - exact).norm() / exact.norm());
  }
  std::cout << "largest relative difference from Eigen's solution " << worst << '\n';
  EXPECT_LT(worst, 1e-10);
}

TEST(Implicit, TheLimbComesToTheSameRestAsByTheExplicitMethod) {
  const core::InstructionSet set = core::instruction_set();
  const LimbPools pools = limb_pools(set);
  const Scenario scenario = load_scenario("30-15-15-15");
  for (const auto& [person, pressure] : {std::pair("adult_man", 0.0), std::pair("older_woman", 20.0)}) {
    SCOPED_TRACE(person);
    const LimbParameters<double> parameters = limb_parameters(with(scenario, {{"person", person}}));
    const double external_pressure = pressure; // mmHg
    const auto settled = [&](core::LanePool<AveragedLimb>& pool, double tolerance) {
      Settling settling(parameters, external_pressure, set);
      core::LaneRun<AveragedLimb> run;
      core::IntegrationOptions options;
      options.relative_tolerance = options.absolute_tolerance = tolerance;
      std::size_t steps = 0;
      do {
        settling.prepare(run);
        if (tolerance > 0.0)
          run.options = &options;
        pool.add(run);
        EXPECT_EQ(pool.next(), &run);
        steps += run.report.steps + run.report.rejected;
      } while (!settling.done(run));
      return std::pair(settling.limb(), steps);
    };
    const double as_it_is = 0.0;
    const auto [limb, steps] = settled(pools.to_rest(), as_it_is);
    const auto [explicitly, explicit_steps] = settled(pools.by<AveragedLimb>(Stepper::dopri5), 1e-12);
    double worst = 0.0;
    for (std::size_t i = 0; i < limb_state_count; ++i)
      worst = std::max(worst, std::abs(limb.state[i] - explicitly.state[i]) /
                                  (AveragedLimb::states()[i].scale + std::abs(explicitly.state[i])));
    std::cout << steps << " steps; " << explicit_steps << " explicit ones at 1e-12; largest difference " << worst << '\n';
    EXPECT_LT(worst, 1e-10);
    EXPECT_LT(steps, explicit_steps / 10);
  }
}

TEST(Implicit, ASessionHasTheSummariesOfTheExplicitMethodAtTheSameTolerance) {
  const Scenario base = with(load_scenario("30-15-15-15"), {{"exercise.sets", "[4, 3]"},
                                                            {"exercise.rest", "20 s"},
                                                            {"timing.baseline", "10 s"},
                                                            {"timing.recovery", "30 s"},
                                                            {"simulation.tolerance", "1e-6"}});
  const RunResult implicit = run(with(base, {{"simulation.stepper", "rodas5p"}}));
  const RunResult explicitly = run(with(base, {{"simulation.stepper", "dopri5"}}));
  EXPECT_NE(implicit.report.steps, explicitly.report.steps) << "the same stepper twice: the test would prove nothing";
  ASSERT_EQ(implicit.summaries.size(), explicitly.summaries.size());
  double worst = 0.0;
  std::string where;
  for (std::size_t i = 0; i < implicit.summaries.size(); ++i) {
    const auto &a = implicit.summaries[i], &b = explicitly.summaries[i];
    ASSERT_EQ(a.name + a.signal + a.scope, b.name + b.signal + b.scope);
    if (std::isnan(a.value) && std::isnan(b.value))
      continue;
    const double difference = std::abs(a.value - b.value) / std::max(1.0, std::abs(b.value));
    if (!(difference <= worst)) {
      worst = difference;
      where = a.name + " of " + a.signal + ", " + a.scope;
    }
  }
  std::cout << implicit.summaries.size() << " summaries, largest difference " << worst << " (" << where << ")\n";
  EXPECT_LT(worst, 1e-4);
}

} // namespace
} // namespace limbflow::models
