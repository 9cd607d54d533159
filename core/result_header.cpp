#include "core/result_header.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "core/version.hpp"

namespace limbflow::core::storage {

namespace {

// Of SOURCE_DATE_EPOCH (reproducible-builds.org) where it is set, so that the same sweep gives the same file.
std::string utc_now() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t now = epoch != nullptr ? static_cast<std::time_t>(std::strtoll(epoch, nullptr, 10)) : std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

} // namespace

void write_provenance(hid_t file, const std::string& kind, const Provenance& provenance, bool complete) {
  set_attribute(file, "title", provenance.title);
  set_attribute(file, "kind", kind);
  set_attribute(file, "format_version", result_format_version);
  set_attribute(file, "limbflow_version", std::string(version()));
  set_attribute(file, "revision", std::string(revision()));
  set_attribute(file, "source_hash", std::string(source_hash()));
  set_attribute(file, "created", provenance.created.empty() ? utc_now() : provenance.created);
  set_attribute(file, "complete", std::int64_t{complete});
  set_attribute(file, "scenario", provenance.scenario);

  const Properties properties(H5Pcreate(H5P_GROUP_CREATE));
  checked(H5Pset_obj_track_times(properties, false));
  checked(H5Pset_link_creation_order(properties, creation_order));
  const Group group(H5Gcreate2(file, "parameters", H5P_DEFAULT, properties, H5P_DEFAULT));
  std::vector<std::string> names, texts, units, sources, descriptions, distributions;
  std::vector<double> values, lows, highs;
  for (const Parameter& parameter : provenance.parameters) {
    names.push_back(parameter.name);
    texts.push_back(parameter.text);
    values.push_back(parameter.value);
    lows.push_back(parameter.low);
    highs.push_back(parameter.high);
    units.push_back(parameter.unit);
    sources.push_back(parameter.source);
    descriptions.push_back(parameter.description);
    distributions.push_back(parameter.distribution);
  }
  const std::vector<std::string> along{"parameter"};
  ArrayGroup arrays(group);
  arrays.add_coordinate({"parameter", "", "name of the parameter", along, names});
  arrays.add({"value", "", "value, in unit", along, values});
  arrays.add({"text", "", "value as written", along, texts});
  arrays.add({"low", "", "lower end of its range, in unit", along, lows});
  arrays.add({"high", "", "upper end of its range, in unit", along, highs});
  arrays.add({"unit", "", "unit of value, low and high", along, units});
  arrays.add({"source", "", "where the value comes from", along, sources});
  arrays.add({"description", "", "what the parameter stands for", along, descriptions});
  arrays.add({"distribution", "", "how it is distributed among people", along, distributions});
}

ResultHeader read_header_of(hid_t file, std::uintmax_t file_size) {
  if (H5Aexists(file, "limbflow_version") <= 0 || H5Aexists(file, "format_version") <= 0) {
    throw Failure("it is an HDF5 file, but not a limbflow result");
  }
  ResultHeader header;
  header.limbflow_version = text_attribute(file, "limbflow_version");
  header.format_version = integer_attribute(file, "format_version");
  if (header.format_version > result_format_version) {
    throw Failure("it has format " + std::to_string(header.format_version) + ", written by limbflow " +
                  header.limbflow_version + "; this version (" + std::string(version()) + ") reads up to format " +
                  std::to_string(result_format_version));
  }
  header.kind = text_attribute(file, "kind");
  header.revision = text_attribute(file, "revision");
  header.source_hash = optional_text(file, "source_hash"); // none in files of early builds
  header.complete = integer_attribute(file, "complete") != 0;
  header.provenance.title = text_attribute(file, "title");
  header.provenance.scenario = text_attribute(file, "scenario");
  header.provenance.created = text_attribute(file, "created");

  const Group group(H5Gopen2(file, "parameters", H5P_DEFAULT));
  const auto names = read_texts(group, "parameter", file_size);
  const auto texts = read_texts(group, "text", file_size);
  const auto values = read_numbers(group, "value", file_size);
  const auto lows = read_numbers(group, "low", file_size);
  const auto highs = read_numbers(group, "high", file_size);
  const auto units = read_texts(group, "unit", file_size);
  const auto sources = read_texts(group, "source", file_size);
  const auto descriptions = read_texts(group, "description", file_size);
  const auto distributions = read_texts(group, "distribution", file_size);
  for (const std::size_t count : {texts.size(), values.size(), lows.size(), highs.size(), units.size(), sources.size(),
                                  descriptions.size(), distributions.size()}) {
    if (count != names.size()) {
      throw Failure("it is damaged: its table of parameters has columns of different lengths");
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    header.provenance.parameters.push_back(
        {names[i], values[i], lows[i], highs[i], units[i], sources[i], descriptions[i], distributions[i], texts[i]});
  }
  return header;
}

} // namespace limbflow::core::storage
