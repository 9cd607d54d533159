#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/parameters.hpp"
#include "core/sweep.hpp"

/// \file
/// Result files: HDF5 with dimension scales, so that `xarray.open_dataset(path, engine="h5netcdf")` needs nothing of
/// ours.
///
/// Every variable has the attributes `units` and `long_name`. The file has `kind` (`run` or `sweep`), `format_version`,
/// `title`, `limbflow_version`, `revision`, `source_hash`, `created` and `scenario` (its whole text), and a group `parameters` with
/// the name, value, range, unit and source of every parameter: a result can be run again from itself.
///
/// The last bytes are a seal (core/file_seal.hpp): a finished file of which a single bit changed is refused. Before a file is read here it
/// is read in a process of its own (core/apart.hpp), where a damaged one can do no harm. A sweep that is not finished has no seal yet;
/// its group `integrity` has a fingerprint of its layout and a checksum of each member that is done, and what they do not fit is refused.
/// Format 1 had neither seal nor checksums; it is still read.
///
/// A run file appears whole or not at all. A sweep file is laid out in full when it is created (every axis, NaN for
/// every value, status `pending`) and its members are filled in as they finish, in place: the layout of the file does
/// not change any more, so what is written stays readable whenever the process ends.

namespace limbflow::core {

/// A result file could not be written or read. `what()` is `path: cannot <attempted>: <reason>`.
class StorageError : public std::runtime_error {
public:
  StorageError(std::filesystem::path path, std::string attempted, std::string reason);

  const std::filesystem::path& path() const { return path_; }
  const std::string& attempted() const { return attempted_; } ///< e.g. `"write the run"`
  const std::string& reason() const { return reason_; }       ///< e.g. `"No space left on device"`

private:
  std::filesystem::path path_;
  std::string attempted_, reason_;
};

/// Newest layout of result files that this version reads, and the one that it writes.
inline constexpr std::int64_t result_format_version = 2;

/// Where a result comes from; version and revision of limbflow are added by the store.
struct Provenance {
  std::string title;
  std::string scenario; ///< resolved text of the scenario file
  std::vector<Parameter> parameters;
  /// What else the members of a sweep depend on, such as the person that a point of an axis names: not stored, but a
  /// sweep is gone on with only if they are the same.
  std::vector<std::string> inputs;
  std::string created; ///< UTC, ISO 8601; empty: the time of writing
};

/// One array of a run file. A variable that has its own name as its only dimension is that dimension's coordinate.
struct Variable {
  std::string name, unit, long_name;
  std::vector<std::string> dimensions; ///< slowest first; none: a single value
  std::variant<std::span<const double>, std::span<const std::int64_t>, std::span<const std::string>>
      values; ///< row-major
};

/// Writes a run file, replacing what is there. It is written beside `path` under another name and moved when it is
/// whole and on the disk; a device or pipe is written to directly. Throws StorageError when that cannot be done, and
/// then leaves `path` as it was; std::invalid_argument when a dimension has no coordinate among `variables`, a name
/// repeats, or the number of values is not the product of the dimensions.
void write_run(const std::filesystem::path& path, const Provenance& provenance, std::span<const Variable> variables);

/// What a result file says of itself.
struct ResultHeader {
  std::string kind; ///< `run` or `sweep`
  std::int64_t format_version = 0;
  std::string limbflow_version, revision, source_hash;
  bool complete = false; ///< false: a sweep with members still to be run
  Provenance provenance;
};

/// Throws StorageError for what is not a whole limbflow result, or is of a newer format.
ResultHeader read_header(const std::filesystem::path& path);

/// A number that a sweep keeps of each member.
struct SummaryInfo {
  std::string name, unit, long_name;
};

/// The file of a sweep, open for writing by one process at a time (others may read it meanwhile).
/// Dimensions are the axes of the plan; each summary, `status` and `message` is an array over all of them.
/// Every function throws StorageError when the file cannot be made, read or written.
class SweepStore {
public:
  /// Makes the file with every member pending, and reserves its space on the disk. `path` must not exist.
  /// Throws std::invalid_argument when two arrays would have the same name.
  static SweepStore create(const std::filesystem::path& path, const SweepPlan& plan,
                           const std::vector<SummaryInfo>& summaries, const Provenance& provenance);

  /// Opens a file to go on with it; plan, summaries and provenance are read from it.
  static SweepStore open(const std::filesystem::path& path);

  /// Goes on with the file if there is one, else makes it. Refuses a file that another build began (version,
  /// hash of the sources), and one whose fingerprint (scenario, parameters, inputs, axes, summaries) is another sweep's.
  static SweepStore create_or_resume(const std::filesystem::path& path, const SweepPlan& plan,
                                     const std::vector<SummaryInfo>& summaries, const Provenance& provenance);

  SweepStore(SweepStore&&) noexcept;
  SweepStore& operator=(SweepStore&&) noexcept;
  ~SweepStore();

  const std::filesystem::path& path() const;
  const SweepPlan& plan() const;
  const std::vector<SummaryInfo>& summaries() const;
  const Provenance& provenance() const;

  bool is_pending(std::size_t member) const;
  std::vector<std::size_t> pending_members() const;

  /// Fills in members; they count as done once this returns. Not to be called from two threads at once.
  void write(const SweepRows& rows);

  /// Marks the file `complete` if no member is pending.
  void finish();

  /// [member] of one summary. Throws std::out_of_range for a summary that is not in the file.
  std::vector<double> values(std::string_view summary) const;
  const std::vector<MemberStatus>& statuses() const;
  std::vector<std::string> messages() const; ///< [member]

private:
  struct Impl;
  explicit SweepStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace limbflow::core
