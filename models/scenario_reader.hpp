// From files to a scenario: what they extend, what a merged document says.
#pragma once

#include "models/scenario.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace limbflow::models {

/// Every key of a scenario file, in the order of the canonical text.
inline constexpr auto scenario_file_keys = std::to_array<std::string_view>({
    "title",
    "description",
    "extends",
    "limb",
    "posture",
    "limb_raised",
    "person.name",
    "person.sex",
    "person.age",
    "person.height",
    "person.mass",
    "person.systolic_pressure",
    "person.diastolic_pressure",
    "person.heart_rate",
    "person.arm.circumference",
    "person.arm.length",
    "person.arm.adipose_thickness",
    "person.arm.distal_volume",
    "person.leg.circumference",
    "person.leg.length",
    "person.leg.adipose_thickness",
    "person.leg.distal_volume",
    "cuff.name",
    "cuff.kind",
    "cuff.limb",
    "cuff.width",
    "cuff.material",
    "cuff.device",
    "cuff.inflation_time",
    "cuff.deflation_time",
    "cuff.pressure",
    "cuff.during",
    "cuff.profile",
    "cuff.tension",
    "cuff.stretch",
    "cuff.overlap",
    "cuff.tightness",
    "cuff.occlusion_pressure",
    "exercise.name",
    "exercise.load",
    "exercise.sets",
    "exercise.muscle",
    "exercise.until",
    "exercise.chest_pressure",
    "exercise.tempo.concentric",
    "exercise.tempo.eccentric",
    "exercise.tempo.pause",
    "exercise.hold",
    "exercise.rest",
    "exercise.rest_before",
    "timing.baseline",
    "timing.passive",
    "timing.recovery",
    "environment.external_pressure",
    "measure",
    "simulation.fidelity",
    "simulation.tolerance",
    "simulation.stepper",
    "simulation.sample_interval",
    "parameters",
});

/// Merges a document with everything it extends.
class Gatherer {
public:
  explicit Gatherer(core::Diagnostics& diagnostics) : diagnostics_(&diagnostics) {}

  bool complete = true;           ///< nothing is missing
  std::vector<std::string> files; ///< read, in order

  core::TomlValue gather(const std::filesystem::path& path);
  core::TomlValue gather_text(const std::string& text, const std::filesystem::path& name);

private:
  core::TomlValue extended(core::TomlDocument document, const std::filesystem::path& path);
  std::string cycle(const std::filesystem::path& back) const;

  core::Diagnostics* diagnostics_;
  std::vector<std::filesystem::path> stack_;
};

/// Reads a merged document; throws core::InputError if anything is wrong with it, or was wrong before.
/// complete: false if a part of it is missing, so that what is not there need not be reported.
Scenario interpret(core::TomlValue document, std::vector<std::string> files, core::ParameterTable parameters,
                   core::Diagnostics& diagnostics, bool complete);

/// The shipped parameters; empty, and the problems reported, if they cannot be read.
core::ParameterTable read_parameter_table(core::Diagnostics& diagnostics);

/// A string of a document.
core::TomlValue text_value(std::string text);

} // namespace limbflow::models
