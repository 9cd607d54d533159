#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/result_hdf5.hpp"
#include "core/sweep.hpp"

/// \file
/// Where in a sweep file everything is, and the fingerprints that tell one sweep and one layout from another.

namespace limbflow::core::storage {

inline constexpr const char* status_name = "status";
inline constexpr const char* message_name = "message";
/// An element of an array of texts: length, address and number of an object in the file's heap.
inline constexpr std::size_t stored_text_size = 16;
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// What a sweep file says of itself, and where its arrays are.
struct SweepLayout {
  std::vector<Axis> axes;
  std::vector<SummaryInfo> summaries;
  ResultHeader header;
  std::string fingerprint;
  std::vector<std::uint64_t> value_offsets; // of each summary's array in the file
  std::uint64_t status_offset = 0, message_offset = 0;
  std::uint64_t checksum_offset = 0; // 0: format 1, which has none
  std::size_t members = 0;
  std::uint64_t layout_fingerprint = 0; // as it is
  std::uint64_t stated_fingerprint = 0; // as it was when the file was made
};

/// Of everything that decides what the members' values are, besides the build.
std::string fingerprint_of(const SweepPlan& plan, const std::vector<SummaryInfo>& summaries, const Provenance& provenance);

/// Throws std::invalid_argument when two arrays would have the same name.
void check_names(const SweepPlan& plan, const std::vector<SummaryInfo>& summaries);

/// Makes a sweep file whose arrays have their place but not yet their values.
void lay_out_sweep(const std::string& path, const SweepPlan& plan, const std::vector<SummaryInfo>& summaries, const Provenance& provenance);
void write_layout_fingerprint(const std::string& path, std::uint64_t value);

SweepLayout read_layout_of(hid_t file, std::uint64_t file_size);
SweepLayout read_layout(const std::filesystem::path& path, std::uint64_t file_size);

std::vector<MemberStatus> read_statuses(int fd, const SweepLayout& layout);

/// A process that was ended while it wrote messages leaves references to texts that are not in the file; HDF5 would
/// follow them when it writes there again. Members whose messages are whole are no longer pending.
void forget_messages_of_pending(int fd, std::uint64_t message_offset, const std::vector<MemberStatus>& statuses);

} // namespace limbflow::core::storage
