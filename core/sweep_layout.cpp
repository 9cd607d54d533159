#include "core/sweep_layout.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <set>
#include <string_view>

#include <hdf5_hl.h>

#include "core/result_header.hpp"

namespace limbflow::core::storage {

namespace fs = std::filesystem;

namespace {

constexpr const char* integrity_name = "integrity"; // a group, out of the sight of readers of datasets
constexpr const char* checksum_name = "member_checksum";
constexpr const char* layout_name = "layout_fingerprint";

// 64-bit FNV-1a of texts and numbers, one after the other.
class Fingerprint {
public:
  void add(std::string_view text) {
    for (const char c : text) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    hash_ = (hash_ ^ 0xff) * 0x100000001b3; // not a byte of UTF-8: keeps neighbours apart
  }
  template <class Number> void add_number(Number value) {
    std::array<char, 32> digits;
    add({digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr});
  }
  std::uint64_t value() const { return hash_; }
  std::string text() const {
    std::array<char, 16> digits;
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), hash_, 16).ptr};
  }

private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

} // namespace

std::string fingerprint_of(const SweepPlan& plan, const std::vector<SummaryInfo>& summaries,
                           const Provenance& provenance) {
  Fingerprint fingerprint;
  fingerprint.add(provenance.scenario);
  for (const Parameter& parameter : provenance.parameters) {
    fingerprint.add(parameter.name);
    fingerprint.add_number(parameter.value);
    fingerprint.add(parameter.unit);
  }
  for (const std::string& input : provenance.inputs) {
    fingerprint.add(input);
  }
  for (const Axis& axis : plan.axes()) {
    fingerprint.add(axis.name);
    for (const Coordinate& coordinate : axis.coordinates) {
      fingerprint.add(coordinate.name);
      fingerprint.add(coordinate.key);
      for (std::size_t point = 0; point < coordinate.size(); ++point) {
        fingerprint.add(coordinate.text(point));
      }
    }
  }
  for (const SummaryInfo& summary : summaries) {
    fingerprint.add(summary.name);
    fingerprint.add(summary.unit);
  }
  return fingerprint.text();
}

void check_names(const SweepPlan& plan, const std::vector<SummaryInfo>& summaries) {
  std::set<std::string_view> names{"parameters", integrity_name, status_name, message_name};
  const auto add = [&](const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || !names.insert(name).second) {
      throw std::invalid_argument("'" + name + "' cannot be the name of an axis or summary, or is there twice");
    }
  };
  for (const Axis& axis : plan.axes()) {
    if (axis.is_zipped()) {
      add(axis.name);
    }
    for (const Coordinate& coordinate : axis.coordinates) {
      add(coordinate.name);
    }
  }
  for (const SummaryInfo& summary : summaries) {
    add(summary.name);
  }
}

void lay_out_sweep(const std::string& path, const SweepPlan& plan, const std::vector<SummaryInfo>& summaries,
                   const Provenance& provenance) {
  const Hdf5Session session;
  File file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, file_properties(), unlocked_access()));
  {
    write_provenance(file, "sweep", provenance, false);
    set_attribute(file, "fingerprint", fingerprint_of(plan, summaries, provenance));

    ArrayGroup arrays(file);
    std::vector<std::string> dimensions, axis_names, coordinate_names;
    std::string auxiliary; // coordinates that are not dimensions, in the way of the CF conventions
    for (const Axis& axis : plan.axes()) {
      dimensions.push_back(axis.name);
      if (axis.is_zipped()) {
        std::vector<std::int64_t> numbers(axis.size());
        std::iota(numbers.begin(), numbers.end(), 0);
        arrays.add_coordinate({axis.name, "", "number of the point", {axis.name}, numbers});
      }
      for (const Coordinate& coordinate : axis.coordinates) {
        Variable variable{coordinate.name, coordinate.unit, coordinate.key, {axis.name}, std::span(coordinate.values)};
        if (!coordinate.labels.empty()) {
          variable.values = std::span(coordinate.labels);
        }
        if (axis.is_zipped()) {
          arrays.add(variable);
          auxiliary += (auxiliary.empty() ? "" : " ") + coordinate.name;
        } else {
          arrays.add_coordinate(variable);
        }
        const Dataset dataset(H5Dopen2(file, coordinate.name.c_str(), H5P_DEFAULT));
        set_attribute(dataset, "key", coordinate.key);
      }
    }

    const Properties numbers = array_properties();
    checked(H5Pset_alloc_time(numbers, H5D_ALLOC_TIME_EARLY));
    checked(H5Pset_fill_time(numbers, H5D_FILL_TIME_NEVER));
    checked(H5Pset_fill_value(numbers, H5T_NATIVE_DOUBLE, &not_a_number));
    const auto finish_array = [&](hid_t dataset, const std::string& unit, const std::string& long_name) {
      describe(dataset, unit, long_name);
      if (!auxiliary.empty()) {
        set_attribute(dataset, "coordinates", auxiliary);
      }
    };
    for (const SummaryInfo& summary : summaries) {
      const Dataset& dataset = arrays.add_empty(summary.name, H5T_NATIVE_DOUBLE, dimensions, numbers);
      finish_array(dataset, summary.unit, summary.long_name);
    }

    const Properties others = array_properties();
    checked(H5Pset_alloc_time(others, H5D_ALLOC_TIME_EARLY));
    checked(H5Pset_fill_time(others, H5D_FILL_TIME_NEVER));
    const Dataset& status = arrays.add_empty(status_name, H5T_NATIVE_INT8, dimensions, others);
    finish_array(status, "", "how the member stands");
    std::vector<std::int8_t> flags(member_status_count);
    std::iota(flags.begin(), flags.end(), std::int8_t{0});
    const std::array<hsize_t, 1> flag_count{flags.size()};
    const Attribute flag_values(
        H5Acreate2(status, "flag_values", H5T_STD_I8LE, space_of(flag_count), H5P_DEFAULT, H5P_DEFAULT));
    checked(H5Awrite(flag_values, H5T_NATIVE_INT8, flags.data()));
    std::string meanings;
    for (const std::int8_t flag : flags) {
      meanings.append(meanings.empty() ? "" : " ").append(to_string(static_cast<MemberStatus>(flag)));
    }
    set_attribute(status, "flag_meanings", meanings);

    const Properties texts = array_properties();
    checked(H5Pset_alloc_time(texts, H5D_ALLOC_TIME_EARLY));
    const Dataset& message = arrays.add_empty(message_name, text_type(), dimensions, texts);
    finish_array(message, "", "why the member did not complete");

    const Properties group_properties(H5Pcreate(H5P_GROUP_CREATE));
    checked(H5Pset_obj_track_times(group_properties, false));
    const Group integrity(H5Gcreate2(file, integrity_name, H5P_DEFAULT, group_properties, H5P_DEFAULT));
    set_attribute(integrity, layout_name, std::int64_t{0}); // known when all has its place
    const std::array<hsize_t, 1> members{plan.size()};
    const Dataset checksums = make_array(integrity, checksum_name, H5T_STD_U64LE, members, others);
    describe(checksums, "", "CRC-64 of the member's values, status and message");
  }
  file.close_checked();
}

namespace {

// Offset of an array of one value a member that lies in the file in one piece.
std::uint64_t offset_of(hid_t dataset, std::size_t members, std::size_t value_size, std::uint64_t file_size) {
  const Space space(H5Dget_space(dataset));
  const haddr_t offset = H5Dget_offset(dataset);
  if (static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)) != members ||
      H5Dget_storage_size(dataset) != members * value_size || offset == HADDR_UNDEF || offset > file_size ||
      members * value_size > file_size - offset) {
    throw Failure("it is damaged: an array does not have the size of the sweep");
  }
  return offset;
}

// Texts and whole numbers among the attributes of an object, less those that change while a sweep is under way and those of the build,
// which a resumed sweep is compared with on its own.
void add_attributes(Fingerprint& fingerprint, hid_t object) {
  static constexpr std::array<std::string_view, 4> changing{"complete", "limbflow_version", "source_hash", layout_name};
  for (const std::string& name : attribute_names(object)) {
    if (std::find(changing.begin(), changing.end(), name) != changing.end()) {
      continue;
    }
    const Attribute attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
    const Type type(H5Aget_type(attribute));
    const Space space(H5Aget_space(attribute));
    if (H5Sget_simple_extent_npoints(space) == 1 && H5Tis_variable_str(type) > 0) {
      fingerprint.add(std::string(name).append("=").append(text_attribute(object, name.c_str())));
    } else if (H5Sget_simple_extent_npoints(space) == 1 && H5Tget_class(type) == H5T_INTEGER) {
      fingerprint.add(std::string(name).append("=").append(std::to_string(integer_attribute(object, name.c_str()))));
    }
  }
}

void add_array(Fingerprint& fingerprint, const std::string& name, hid_t dataset) {
  const Type type(H5Dget_type(dataset));
  const Space space(H5Dget_space(dataset));
  fingerprint.add(name);
  fingerprint.add_number(static_cast<int>(H5Tget_class(type)));
  fingerprint.add_number(H5Tget_size(type));
  fingerprint.add_number(static_cast<int>(H5Tget_order(type)));
  fingerprint.add_number(checked(H5Sget_simple_extent_npoints(space)));
  fingerprint.add_number(H5Dget_offset(dataset));
  add_attributes(fingerprint, dataset);
  if (H5DSis_scale(dataset) <= 0) {
    for (const std::string& dimension : dimension_names(dataset)) {
      fingerprint.add(dimension);
    }
  }
}

} // namespace

SweepLayout read_layout_of(hid_t file, std::uint64_t file_size) {
  SweepLayout layout;
  Fingerprint fingerprint;
  layout.header = read_header_of(file, file_size);
  if (layout.header.kind != "sweep") {
    throw Failure("it holds a " + layout.header.kind + ", not a sweep");
  }
  layout.fingerprint = text_attribute(file, "fingerprint");

  const Dataset status(H5Dopen2(file, status_name, H5P_DEFAULT));
  for (std::string& name : dimension_names(status)) {
    layout.axes.push_back({std::move(name), {}});
  }
  const Space space(H5Dget_space(status));
  const auto members = static_cast<std::size_t>(checked(H5Sget_simple_extent_npoints(space)));
  layout.members = members;
  layout.status_offset = offset_of(status, members, sizeof(MemberStatus), file_size);
  const Dataset message(H5Dopen2(file, message_name, H5P_DEFAULT));
  layout.message_offset = offset_of(message, members, stored_text_size, file_size);

  for (const std::string& name : link_names(file)) {
    if (name == "parameters" || name == integrity_name) {
      continue;
    }
    const Dataset dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT));
    add_array(fingerprint, name, dataset);
    if (name == status_name || name == message_name) {
      continue;
    }
    if (H5Aexists(dataset, "key") > 0) {
      const Type type(H5Dget_type(dataset));
      Coordinate coordinate{name, text_attribute(dataset, "key"), optional_text(dataset, "units"), {}, {}};
      if (H5Tget_class(type) == H5T_STRING) {
        coordinate.labels = read_texts(file, name, file_size);
      } else {
        coordinate.values = read_numbers(file, name, file_size);
      }
      const bool is_dimension = H5DSis_scale(dataset) > 0;
      const std::vector<std::string> along = is_dimension ? std::vector{name} : dimension_names(dataset);
      const auto axis = std::find_if(layout.axes.begin(), layout.axes.end(),
                                     [&](const Axis& a) { return along == std::vector{a.name}; });
      if (axis == layout.axes.end()) {
        throw Failure("it is damaged: the axis of '" + name + "' is missing");
      }
      axis->coordinates.push_back(std::move(coordinate));
    } else if (H5DSis_scale(dataset) <= 0) {
      layout.summaries.push_back({name, optional_text(dataset, "units"), optional_text(dataset, "long_name")});
      layout.value_offsets.push_back(offset_of(dataset, members, sizeof(double), file_size));
    }
  }

  if (layout.header.format_version >= 2) {
    const Group integrity(H5Gopen2(file, integrity_name, H5P_DEFAULT));
    layout.stated_fingerprint = static_cast<std::uint64_t>(integer_attribute(integrity, layout_name));
    const Dataset checksums(H5Dopen2(integrity, checksum_name, H5P_DEFAULT));
    add_array(fingerprint, checksum_name, checksums);
    layout.checksum_offset = offset_of(checksums, members, sizeof(std::uint64_t), file_size);
    add_attributes(fingerprint, file);
    for (const Parameter& parameter : layout.header.provenance.parameters) {
      for (const std::string& text : {parameter.name, parameter.unit, parameter.source, parameter.description,
                                      parameter.distribution, parameter.text}) {
        fingerprint.add(text);
      }
      for (const double number : {parameter.value, parameter.low, parameter.high}) {
        fingerprint.add_number(number);
      }
    }
    for (const Axis& axis : layout.axes) {
      for (const Coordinate& coordinate : axis.coordinates) {
        for (std::size_t point = 0; point < coordinate.size(); ++point) {
          fingerprint.add(coordinate.text(point));
        }
      }
    }
    layout.layout_fingerprint = fingerprint.value();
  }
  return layout;
}

void write_layout_fingerprint(const std::string& path, std::uint64_t value) {
  const Hdf5Session session;
  File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, unlocked_access()));
  {
    const Group integrity(H5Gopen2(file, integrity_name, H5P_DEFAULT));
    const Attribute attribute(H5Aopen(integrity, layout_name, H5P_DEFAULT));
    const auto stored = static_cast<std::int64_t>(value);
    checked(H5Awrite(attribute, H5T_NATIVE_INT64, &stored));
  }
  file.close_checked();
}

SweepLayout read_layout(const fs::path& path, std::uint64_t file_size) {
  const Hdf5Session session;
  const File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
  return read_layout_of(file, file_size);
}

std::vector<MemberStatus> read_statuses(int fd, const SweepLayout& layout) {
  std::vector<MemberStatus> statuses(layout.members);
  read_at(fd, layout.status_offset, statuses.data(), statuses.size());
  for (const MemberStatus& status : statuses) {
    const auto code = static_cast<int>(status);
    if (code < 0 || code >= static_cast<int>(member_status_count)) {
      throw Failure("it is damaged: a member has the unknown status " + std::to_string(code));
    }
  }
  return statuses;
}

void forget_messages_of_pending(int fd, std::uint64_t message_offset, const std::vector<MemberStatus>& statuses) {
  std::vector<char> references(statuses.size() * stored_text_size);
  read_at(fd, message_offset, references.data(), references.size());
  const std::array<char, stored_text_size> none{};
  for (std::size_t member = 0; member < statuses.size(); ++member) {
    const std::size_t at = member * stored_text_size;
    if (statuses[member] == MemberStatus::pending &&
        !std::equal(none.begin(), none.end(), references.begin() + static_cast<std::ptrdiff_t>(at))) {
      write_at(fd, message_offset + at, none.data(), none.size());
    }
  }
}

} // namespace limbflow::core::storage
