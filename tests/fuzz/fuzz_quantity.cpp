// Any text as a quantity: a finite number of a known unit that reads back as itself, or a UnitError.
#include "core/units.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limbflow::core;
  try {
    const Quantity quantity = parse_quantity(std::string(reinterpret_cast<const char*>(data), size));
    const Quantity again = parse_quantity(format_number(quantity.given) + " " + std::string(quantity.unit == "1" ? "" : quantity.unit));
    if (!std::isfinite(quantity.given) || again.given != quantity.given || again.unit != quantity.unit)
      std::abort();
  } catch (const UnitError& error) {
    if (error.rule.empty())
      std::abort();
  }
  return 0;
}
