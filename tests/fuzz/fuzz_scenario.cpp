// Any text as a scenario: a valid one that reads back as itself, or an InputError with a problem to show.
#include "core/diagnostics.hpp"
#include "models/scenario.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limbflow;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const models::Scenario scenario = models::parse_scenario(text, "fuzz");
    if (models::parse_scenario(scenario.text, "again").text != scenario.text)
      std::abort();
  } catch (const core::InputError& error) {
    if (error.diagnostics().empty() || std::string(error.what()).empty())
      std::abort();
  }
  return 0;
}
