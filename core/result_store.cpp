#include "core/result_store.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "core/file_seal.hpp"
#include "core/result_check.hpp"
#include "core/result_header.hpp"
#include "core/sweep_layout.hpp"
#include "core/version.hpp"

namespace limbflow::core {

namespace fs = std::filesystem;
using namespace storage;

StorageError::StorageError(fs::path path, std::string attempted, std::string reason)
    : std::runtime_error(path.string() + ": cannot " + attempted + ": " + reason), path_(std::move(path)),
      attempted_(std::move(attempted)), reason_(std::move(reason)) {}

ResultHeader read_header(const fs::path& path) {
  return attempt(path, "read the result", [&] {
    require_whole(path);
    const Hdf5Session session;
    const File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
    return read_header_of(file, fs::file_size(path));
  });
}

struct SweepStore::Impl {
  fs::path path;
  Descriptor file;
  SweepPlan plan;
  std::vector<SummaryInfo> summaries;
  ResultHeader header;
  std::string fingerprint;
  std::vector<std::uint64_t> value_offsets; // of each summary's array in the file
  std::uint64_t status_offset;
  std::uint64_t checksum_offset; // 0: format 1, which has none
  std::vector<MemberStatus> statuses;
  Seal seal;
};

SweepStore::SweepStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SweepStore::SweepStore(SweepStore&&) noexcept = default;
SweepStore& SweepStore::operator=(SweepStore&&) noexcept = default;
SweepStore::~SweepStore() = default;

SweepStore SweepStore::create(const fs::path& path, const SweepPlan& plan, const std::vector<SummaryInfo>& summaries,
                              const Provenance& provenance) {
  check_names(plan, summaries);
  const std::size_t members = plan.size();
  attempt(path, "create the sweep", [&] {
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) {
      throw Failure(fs::is_directory(path, error) ? "it is a directory" : "there is a file of this name");
    }
    TemporaryFile temporary(path);
    // Laying out is then sure of its space: HDF5 cannot let go of a file whose disk is full.
    const std::uint64_t bytes =
        members * (summaries.size() * sizeof(double) + sizeof(MemberStatus) + stored_text_size + sizeof(std::uint64_t)) +
        provenance.scenario.size() + 1024 * (64 + provenance.parameters.size() + summaries.size());
    reserve(temporary.descriptor(), 0, bytes);
    lay_out_sweep(temporary.path(), plan, summaries, provenance);

    const int fd = temporary.descriptor();
    const SweepLayout layout = read_layout(temporary.path(), size_of(fd));
    write_layout_fingerprint(temporary.path(), layout.layout_fingerprint);
    reserve(fd, 0, size_of(fd));
    const std::vector<double> empty(std::min<std::size_t>(members, 1 << 16), not_a_number);
    for (const std::uint64_t offset : layout.value_offsets) {
      for (std::size_t member = 0; member < members; member += empty.size()) {
        write_at(fd, offset + member * sizeof(double), empty.data(),
                 std::min(empty.size(), members - member) * sizeof(double));
      }
    }
    if (::fsync(fd) != 0) {
      fail_with_errno();
    }
    temporary.move_to_free_target();
  });
  return open(path);
}

SweepStore SweepStore::open(const fs::path& path) {
  return attempt(path, "open the sweep", [&] {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      throw Failure("it is a directory");
    }
    Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    lock(file);
    unlock(file); // a child has a part in its parent's locks, and may outlive it by a moment
    const Seal seal = require_whole(path);
    lock(file);
    SweepLayout layout = read_layout(path, size_of(file));
    std::optional<SweepPlan> plan;
    try {
      plan.emplace(std::move(layout.axes));
    } catch (const std::exception& problem) {
      throw Failure(std::string("it is damaged: ") + problem.what());
    }
    std::vector<MemberStatus> statuses = read_statuses(file, layout);
    forget_messages_of_pending(file, layout.message_offset, statuses);
    return SweepStore(std::unique_ptr<Impl>(new Impl{
        path, std::move(file), std::move(*plan), std::move(layout.summaries), std::move(layout.header),
        std::move(layout.fingerprint), std::move(layout.value_offsets), layout.status_offset, layout.checksum_offset, std::move(statuses), seal}));
  });
}

SweepStore SweepStore::create_or_resume(const fs::path& path, const SweepPlan& plan,
                                        const std::vector<SummaryInfo>& summaries, const Provenance& provenance) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return create(path, plan, summaries, provenance);
  }
  SweepStore store = open(path);
  const ResultHeader& header = store.impl_->header;
  const auto refuse = [&](const std::string& why) { throw StorageError(path, "resume the sweep", why); };
  if (header.limbflow_version != version() || header.source_hash != source_hash()) {
    const auto build = [](std::string_view of_version, std::string_view of_revision) {
      return std::string(of_version).append(" (").append(of_revision).append(")");
    };
    refuse("it was begun by another build of limbflow, " + build(header.limbflow_version, header.revision) +
           ", than this, " + build(version(), revision()) +
           ", and the members of one sweep come from one build: give the new sweep another file");
  }
  if (store.impl_->fingerprint != fingerprint_of(plan, summaries, provenance)) {
    refuse(std::string("the file holds another sweep (") +
           (header.provenance.scenario != provenance.scenario
                ? "its scenario is another"
                : "it has other axes, summaries, parameters or files that they name") +
           ")");
  }
  return store;
}

const fs::path& SweepStore::path() const { return impl_->path; }
const SweepPlan& SweepStore::plan() const { return impl_->plan; }
const std::vector<SummaryInfo>& SweepStore::summaries() const { return impl_->summaries; }
const Provenance& SweepStore::provenance() const { return impl_->header.provenance; }
const std::vector<MemberStatus>& SweepStore::statuses() const { return impl_->statuses; }

bool SweepStore::is_pending(std::size_t member) const { return impl_->statuses.at(member) == MemberStatus::pending; }

std::vector<std::size_t> SweepStore::pending_members() const {
  std::vector<std::size_t> members;
  for (std::size_t member = 0; member < impl_->statuses.size(); ++member) {
    if (is_pending(member)) {
      members.push_back(member);
    }
  }
  return members;
}

namespace {

// Messages are of any length, and the one thing that makes the file grow.
void write_messages(const fs::path& path, int fd, const SweepPlan& plan, const SweepRows& rows) {
  std::vector<hsize_t> coordinates;
  std::vector<const char*> texts;
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!rows.messages[row].empty()) {
      const std::vector<std::size_t> points = plan.points(rows.begin + row);
      coordinates.insert(coordinates.end(), points.begin(), points.end());
      texts.push_back(rows.messages[row].c_str());
      bytes += rows.messages[row].size();
    }
  }
  if (texts.empty()) {
    return;
  }
  // HDF5 puts texts into blocks of 4 KiB or the size of the text, and cannot let go of a file whose disk is full.
  const std::uint64_t size = size_of(fd);
  reserve(fd, size, 2 * bytes + 64 * texts.size() + (1 << 14));
  const Hdf5Session session;
  File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, unlocked_access()));
  {
    const Dataset dataset(H5Dopen2(file, message_name, H5P_DEFAULT));
    const Space stored(H5Dget_space(dataset));
    checked(H5Sselect_elements(stored, H5S_SELECT_SET, texts.size(), coordinates.data()));
    const std::array<hsize_t, 1> count{texts.size()};
    checked(H5Dwrite(dataset, text_type(), space_of(count), stored, H5P_DEFAULT, texts.data()));
  }
  file.close_checked();
}

} // namespace

void SweepStore::write(const SweepRows& rows) {
  if (rows.summary_count != impl_->summaries.size() || rows.values.size() != rows.size() * rows.summary_count ||
      rows.messages.size() != rows.size() || rows.begin > impl_->plan.size() ||
      rows.size() > impl_->plan.size() - rows.begin) {
    throw std::invalid_argument("rows do not fit the sweep");
  }
  attempt(impl_->path, "write to the sweep", [&] {
    if (impl_->header.complete) {
      throw Failure("it is complete");
    }
    require_still_there(impl_->path, impl_->file);
    std::vector<MemberChecksum> checksums(rows.size());
    std::vector<double> column(rows.size());
    for (std::size_t summary = 0; summary < rows.summary_count; ++summary) {
      for (std::size_t row = 0; row < rows.size(); ++row) {
        column[row] = rows.values[row * rows.summary_count + summary];
        checksums[row].add(column[row]);
      }
      write_at(impl_->file, impl_->value_offsets[summary] + rows.begin * sizeof(double), column.data(),
               column.size() * sizeof(double));
    }
    write_messages(impl_->path, impl_->file, impl_->plan, rows);
    if (impl_->checksum_offset != 0) {
      std::vector<std::uint64_t> sums(rows.size());
      for (std::size_t row = 0; row < rows.size(); ++row) {
        sums[row] = checksums[row].finish(rows.statuses[row], rows.messages[row]);
      }
      write_at(impl_->file, impl_->checksum_offset + rows.begin * sizeof(std::uint64_t), sums.data(),
               sums.size() * sizeof(std::uint64_t));
    }
    // Last: a member counts as done only when the rest of it is there.
    write_at(impl_->file, impl_->status_offset + rows.begin, rows.statuses.data(), rows.size());
    std::copy(rows.statuses.begin(), rows.statuses.end(),
              impl_->statuses.begin() + static_cast<std::ptrdiff_t>(rows.begin));
  });
}

void SweepStore::finish() {
  attempt(impl_->path, "finish the sweep", [&] {
    if (!pending_members().empty() || (impl_->header.complete && impl_->seal == Seal::intact)) {
      return;
    }
    require_still_there(impl_->path, impl_->file);
    if (::fsync(impl_->file) != 0) {
      fail_with_errno();
    }
    const Hdf5Session session;
    File file(H5Fopen(impl_->path.c_str(), H5F_ACC_RDWR, unlocked_access()));
    {
      const Attribute complete(H5Aopen(file, "complete", H5P_DEFAULT));
      const std::int64_t yes = 1;
      checked(H5Awrite(complete, H5T_NATIVE_INT64, &yes));
    }
    file.close_checked();
    append_seal(impl_->file);
    if (::fsync(impl_->file) != 0) {
      fail_with_errno();
    }
    impl_->header.complete = true;
    impl_->seal = Seal::intact;
  });
}

std::vector<double> SweepStore::values(std::string_view summary) const {
  const auto info = std::find_if(impl_->summaries.begin(), impl_->summaries.end(),
                                 [&](const SummaryInfo& s) { return s.name == summary; });
  if (info == impl_->summaries.end()) {
    throw std::out_of_range("the sweep has no summary " + std::string(summary));
  }
  return attempt(impl_->path, "read the sweep", [&] {
    std::vector<double> result(impl_->plan.size());
    const auto index = static_cast<std::size_t>(info - impl_->summaries.begin());
    read_at(impl_->file, impl_->value_offsets[index], result.data(), result.size() * sizeof(double));
    return result;
  });
}

std::vector<std::string> SweepStore::messages() const {
  return attempt(impl_->path, "read the sweep", [&] {
    const Hdf5Session session;
    const File file(H5Fopen(impl_->path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
    return read_texts(file, message_name, size_of(impl_->file));
  });
}

} // namespace limbflow::core
