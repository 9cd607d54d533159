// The limb can be written down: what the benchmarks' peers solve (benchmarks/trace.hpp) are the model's own equations.
#include "benchmarks/plain_values.hpp"
#include "benchmarks/python_source.hpp"
#include "benchmarks/trace.hpp"
#include "models/anatomy.hpp"
#include "models/limb.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace limbflow::benchmarks {
namespace {

using models::AveragedLimb;
using models::LimbControls;
using models::LimbParameters;
using models::PulsatileLimb;

struct Written {
  Tape tape;
  int time = -1;
  std::vector<int> states{}, parameters{}, controls{}, rates{};
};

template <class M>
Written written(int most_rounds) {
  Written limb{Tape(most_rounds)};
  tape_in_use = &limb.tape;
  const auto input = [&](std::vector<int>& places) {
    places.push_back(limb.tape.input("input"));
    return Trace::at(places.back());
  };
  limb.time = limb.tape.input("t");
  std::vector<Trace> y, rates(M::state_count);
  for (std::size_t i = 0; i < M::state_count; ++i)
    y.push_back(input(limb.states));
  const auto parameters = made_of<Trace, LimbParameters>([&](std::size_t) { return input(limb.parameters); });
  const auto controls = made_of<Trace, LimbControls>([&](std::size_t) { return input(limb.controls); });
  M::template rhs<Trace>(Trace::at(limb.time), y.data(), rates.data(), parameters, controls);
  tape_in_use = nullptr;
  for (const Trace& rate : rates)
    limb.rates.push_back(rate.place);
  return limb;
}

double carried_out(const Node& node, const std::vector<double>& values) {
  if (node.operation == Operation::constant)
    return node.value;
  if (node.operation == Operation::guard || node.operation == Operation::unguard)
    return std::numeric_limits<double>::quiet_NaN();
  const auto of = [&](int place) { return place < 0 ? 0.0 : values[static_cast<std::size_t>(place)]; };
  return value_of(node.operation, of(node.a), of(node.b), of(node.c));
}

template <class M>
void expect_the_same_rates() {
  constexpr int more_than_any_iteration = 100;
  const Written limb = written<M>(more_than_any_iteration);
  const auto rest = models::resting_limb(models::limb_parameters(models::load_scenario("30-15-15-15")));
  for (const double force : {0.0, 0.05, 0.3, 0.9}) {
    LimbControls<double> controls;
    controls.force = force;
    controls.cuff_pressure_begin = 100.0 * force;
    std::array<double, M::state_count> expected;
    M::template rhs<double>(1.0, rest.state.data(), expected.data(), rest.parameters, controls);
    std::vector<double> values(limb.tape.nodes().size());
    const auto put = [&](const std::vector<int>& places, const auto& numbers) {
      for (std::size_t i = 0; i < places.size(); ++i)
        values[static_cast<std::size_t>(places[i])] = numbers[i];
    };
    put({limb.time}, std::array{1.0});
    put(limb.states, rest.state);
    put(limb.parameters, flat<LimbParameters>(rest.parameters));
    put(limb.controls, flat<LimbControls>(controls));
    for (std::size_t i = 0; i < values.size(); ++i)
      if (limb.tape.nodes()[i].operation != Operation::input)
        values[i] = carried_out(limb.tape.nodes()[i], values);
    for (std::size_t i = 0; i < M::state_count; ++i)
      EXPECT_NEAR(values[static_cast<std::size_t>(limb.rates[i])], expected[i], 1e-12 * (1.0 + std::abs(expected[i])))
          << M::states()[i].name << " at a force of " << force;
  }
}

TEST(LimbTrace, HasTheRatesOfTheModel) {
  expect_the_same_rates<AveragedLimb>();
  expect_the_same_rates<PulsatileLimb>();
}

TEST(LimbTrace, BecomesPythonOfEveryDialect) {
  const Written limb = written<AveragedLimb>(rounds_on_tape);
  for (const Dialect dialect : {Dialect::python, Dialect::numba, Dialect::arrays}) {
    const std::string source =
        python_source(limb.tape, limb.time, limb.states, limb.parameters, limb.controls, limb.rates, dialect);
    EXPECT_NE(source.find("def prepare("), std::string::npos);
    EXPECT_NE(source.find("def rhs("), std::string::npos);
  }
}

} // namespace
} // namespace limbflow::benchmarks
