// Toy models in lanes, for each instruction set.
#pragma once

#include "core/instruction_set.hpp"
#include "core/lane_pool.hpp"
#include "tests/core/toy_models.hpp"

#include <memory>
#include <string>
#include <vector>

namespace limbflow::core::toys {

enum class Pair { dormand_prince_5, dop_853 };

/// What one instruction set's object file gives.
struct LaneToys {
  std::size_t lanes;
  std::unique_ptr<LanePool<VanDerPol>> (*van_der_pol)(Pair);
  std::unique_ptr<LanePool<Oscillator>> (*oscillator)();
  std::unique_ptr<LanePool<EmptyingTank>> (*emptying_tank)();
  std::unique_ptr<LanePool<Windkessel>> (*windkessel)(Pair);
  /// An elementary function of every value: "exp", "log", "tanh", "sqrt", "sin", "cos", "floor", or "pow" to the 2.2.
  std::vector<double> (*apply)(const std::string& function, const std::vector<double>& values);
};

const LaneToys& lane_toys(InstructionSet set);

} // namespace limbflow::core::toys
