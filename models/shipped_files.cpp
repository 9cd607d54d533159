#include "models/shipped_files.hpp"

#include "models/input_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <utility>

namespace limbflow::models {

namespace fs = std::filesystem;

using core::Diagnostic;
using core::InputError;
using core::join;
using core::nearest_key;

namespace {

std::mutex data_directory_mutex;
fs::path chosen_data_directory;

bool holds_data(const fs::path& directory) {
  std::error_code error;
  return fs::is_directory(directory / "scenarios", error);
}

/// The file itself, or the same with ".toml"; nothing if neither exists.
std::optional<fs::path> existing(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error))
    return path;
  fs::path with_ending = path;
  with_ending += ".toml";
  return fs::is_regular_file(with_ending, error) ? std::optional(with_ending) : std::nullopt;
}

} // namespace

fs::path data_directory() {
  std::vector<fs::path> tried;
  if (const char* variable = std::getenv("LIMBFLOW_DATA"); variable != nullptr && *variable != '\0') {
    tried.emplace_back(variable);
  } else {
    const std::lock_guard lock(data_directory_mutex);
    if (!chosen_data_directory.empty())
      tried.push_back(chosen_data_directory);
    else
      tried = {LIMBFLOW_SOURCE_DATA_DIRECTORY, LIMBFLOW_INSTALLED_DATA_DIRECTORY};
  }
  for (const fs::path& directory : tried)
    if (holds_data(directory))
      return directory;
  Diagnostic d = problem(tried.front().string(), "no-data", "", "there are no shipped scenarios and parameters here");
  d.accepted = "a directory with scenarios/ and parameters/";
  d.hint = "the environment variable LIMBFLOW_DATA says where they are";
  throw InputError(std::move(d));
}

void set_data_directory(const fs::path& directory) {
  const std::lock_guard lock(data_directory_mutex);
  chosen_data_directory = directory;
}

fs::path scenarios_directory() { return data_directory() / "scenarios"; }

fs::path parameters_directory() {
  const fs::path data = data_directory();
  std::error_code error;
  return fs::is_directory(data / "parameters", error) ? data / "parameters" : data / "models" / "parameters";
}

std::optional<fs::path> find_input(const fs::path& name, const fs::path& beside,
                                   const std::vector<std::string>& folders) {
  if (name.empty())
    return std::nullopt;
  if (auto found = existing(beside / name))
    return found;
  if (name.is_absolute())
    return std::nullopt;
  const fs::path shipped_root = scenarios_directory();
  if (auto found = existing(shipped_root / name))
    return found;
  for (const std::string& folder : folders)
    if (auto found = existing(shipped_root / folder / name))
      return found;
  return std::nullopt;
}

Diagnostic not_found(const fs::path& name, const std::vector<std::string>& folders) {
  Diagnostic d =
      problem(name.string(), "no-such-file", "", "there is no such file, nor anything shipped under this name");
  std::error_code error;
  if (fs::is_directory(name, error)) {
    d.rule = "directory";
    d.message = "this is a directory, not a TOML file";
  } else if (fs::exists(name, error)) {
    d.rule = "unreadable";
    d.message = "this is not a regular file";
  }
  std::vector<std::string> names;
  for (const std::string& folder : folders)
    for (const std::string& item : shipped(folder))
      names.push_back(item);
  const std::string stem = name.extension() == ".toml" ? name.stem().string() : name.filename().string();
  const std::vector<std::string> sweeps = shipped("sweeps");
  if (std::ranges::find(names, stem) == names.end() && std::ranges::find(sweeps, stem) != sweeps.end())
    d.hint = "this is a sweep: limbflow sweep " + stem;
  d.nearest = nearest_key(stem, names).value_or("");
  d.accepted = "a TOML file, or " + join(names);
  return d;
}

std::vector<std::string> shipped(const std::string& kind) {
  const std::vector<std::string> kinds{"people", "cuffs", "protocols", "sweeps"};
  if (std::ranges::find(kinds, kind) == kinds.end()) {
    Diagnostic d = problem("", "unknown-choice", kind, "is not a kind of shipped file");
    d.accepted = join(kinds);
    d.nearest = nearest_key(kind, kinds).value_or("");
    throw InputError(std::move(d));
  }
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(scenarios_directory() / kind, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".toml")
      names.push_back(it->path().stem().string());
  std::ranges::sort(names);
  return names;
}

} // namespace limbflow::models
