// Where scenarios and parameter tables lie, and the names of those that come with the program.
#pragma once

#include "core/diagnostics.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace limbflow::models {

/// Where scenarios and parameter tables lie: the environment variable LIMBFLOW_DATA, else the directory given to
/// `set_data_directory`, else the source tree, else the installed share directory. It holds `scenarios/` and either
/// `parameters/` or `models/parameters/`. Throws InputError if there is none.
std::filesystem::path data_directory();
void set_data_directory(const std::filesystem::path& directory);
std::filesystem::path scenarios_directory();
std::filesystem::path parameters_directory();

/// Names of what is shipped: kind is "people", "cuffs", "protocols" or "sweeps". Throws core::InputError for another
/// kind.
std::vector<std::string> shipped(const std::string& kind);

/// Folders of scenarios/ in which a bare name is looked up.
inline const std::vector<std::string> protocol_folder{"protocols"};
inline const std::vector<std::string> people_folder{"people"};
inline const std::vector<std::string> cuffs_folder{"cuffs"};
inline const std::vector<std::string> sweeps_folder{"sweeps"};

/// A path as given, beside another file, or the name of something shipped: "wide_thigh" (looked up in `folders`),
/// "cuffs/wide_thigh". Nothing if there is no such file.
std::optional<std::filesystem::path> find_input(const std::filesystem::path& name, const std::filesystem::path& beside,
                                                const std::vector<std::string>& folders);

/// What to say of a name that `find_input` did not find.
core::Diagnostic not_found(const std::filesystem::path& name, const std::vector<std::string>& folders);

} // namespace limbflow::models
