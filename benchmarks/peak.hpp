// The machine's peak.
#pragma once

namespace limbflow::benchmarks {

/// GFlop/s of one core in fused multiply-adds of doubles held in registers: the best of some tries.
double peak();

} // namespace limbflow::benchmarks
