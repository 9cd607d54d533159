// Any text as a table of parameters: whole, or an InputError.
#include "core/diagnostics.hpp"
#include "core/parameters.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limbflow::core;
  try {
    const ParameterTable table = ParameterTable::parse(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    for (const Parameter& parameter : table.parameters())
      if (!std::isfinite(parameter.value) || parameter.value < parameter.low || parameter.value > parameter.high || parameter.source.empty())
        std::abort();
  } catch (const InputError& error) {
    if (error.diagnostics().empty())
      std::abort();
  }
  return 0;
}
