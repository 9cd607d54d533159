#include "core/result_check.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>

#include "core/apart.hpp"
#include "core/result_header.hpp"
#include "core/sweep_layout.hpp"

namespace limbflow::core::storage {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> messages_of_done(hid_t file, int fd, const SweepLayout& layout,
                                          const std::vector<MemberStatus>& statuses) {
  std::vector<char> references(layout.members * stored_text_size);
  read_at(fd, layout.message_offset, references.data(), references.size());
  std::vector<hsize_t> members;
  for (std::size_t member = 0; member < layout.members; ++member) {
    const auto begin = references.begin() + static_cast<std::ptrdiff_t>(member * stored_text_size);
    if (statuses[member] != MemberStatus::pending &&
        std::any_of(begin, begin + stored_text_size, [](char byte) { return byte != 0; })) {
      members.push_back(member);
    }
  }
  std::vector<std::string> messages(layout.members);
  if (members.empty()) {
    return messages;
  }
  const Dataset dataset(H5Dopen2(file, message_name, H5P_DEFAULT));
  const Space stored(H5Dget_space(dataset));
  const auto rank = static_cast<std::size_t>(checked(H5Sget_simple_extent_ndims(stored)));
  std::vector<hsize_t> shape(rank);
  checked(H5Sget_simple_extent_dims(stored, shape.data(), nullptr));
  std::vector<hsize_t> coordinates(members.size() * rank);
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t axis = rank, rest = members[i]; axis-- > 0; rest /= shape[axis]) {
      coordinates[i * rank + axis] = rest % shape[axis];
    }
  }
  checked(H5Sselect_elements(stored, H5S_SELECT_SET, members.size(), coordinates.data()));
  const std::array<hsize_t, 1> count{members.size()};
  const Space wanted = space_of(count);
  const Type type = text_type();
  std::vector<char*> texts(members.size(), nullptr);
  checked(H5Dread(dataset, type, wanted, stored, H5P_DEFAULT, texts.data()));
  for (std::size_t i = 0; i < members.size(); ++i) {
    messages[members[i]] = texts[i] == nullptr ? "" : texts[i];
  }
  checked(H5Dvlen_reclaim(type, wanted, H5P_DEFAULT, texts.data()));
  return messages;
}

// Every member that is done is what was written of it.
void check_members(hid_t file, int fd, const SweepLayout& layout) {
  const std::vector<MemberStatus> statuses = read_statuses(fd, layout);
  const std::vector<std::string> messages = messages_of_done(file, fd, layout, statuses);
  constexpr std::size_t block = 4096;
  for (std::size_t begin = 0; begin < layout.members; begin += block) {
    const std::size_t count = std::min(block, layout.members - begin);
    std::vector<MemberChecksum> found(count);
    std::vector<double> column(count);
    for (const std::uint64_t offset : layout.value_offsets) {
      read_at(fd, offset + begin * sizeof(double), column.data(), count * sizeof(double));
      for (std::size_t i = 0; i < count; ++i) {
        found[i].add(column[i]);
      }
    }
    std::vector<std::uint64_t> stated(count);
    read_at(fd, layout.checksum_offset + begin * sizeof(std::uint64_t), stated.data(), count * sizeof(std::uint64_t));
    for (std::size_t i = 0; i < count; ++i) {
      const MemberStatus status = statuses[begin + i];
      if (status != MemberStatus::pending && found[i].finish(status, messages[begin + i]) != stated[i]) {
        throw Failure("it is damaged: the checksum of member " + std::to_string(begin + i) + " does not fit its values");
      }
    }
  }
}

// What a run or sweep is checked for before this process reads it; for the process apart.
void inspect(const fs::path& path, Seal seal) {
  constexpr const char* unsealed = "it is damaged: its checksum is missing: it was cut short or changed by another program";
  if (H5Fis_hdf5(path.c_str()) <= 0) {
    throw Failure("it is not an HDF5 file");
  }
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::uint64_t size = size_of(fd);
  const File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
  const ResultHeader header = read_header_of(file, size);
  if (header.kind != "sweep") {
    if (header.format_version >= 2 && seal == Seal::absent) {
      throw Failure(unsealed);
    }
    return;
  }
  const SweepLayout layout = read_layout_of(file, size);
  if (header.format_version < 2) {
    return;
  }
  if (layout.layout_fingerprint != layout.stated_fingerprint) {
    throw Failure("it is damaged: it is not laid out as when it was made");
  }
  if (seal == Seal::absent) {
    haddr_t end = 0;
    checked(H5Fget_eoa(file, &end));
    if (header.complete && (size < end || size >= end + SealLine::size)) { // a process may have ended before or within the seal
      throw Failure(unsealed);
    }
    check_members(file, fd, layout);
  }
}

} // namespace

Seal require_whole(const fs::path& path) {
  require_regular_file(path);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const Seal seal = check_seal(file);
  if (seal == Seal::broken) {
    throw Failure("it is damaged: its checksum does not fit its bytes");
  }
  constexpr std::uint64_t bytes_per_second = 1 << 23;
  const std::chrono::seconds processor_time(5 + size_of(file) / bytes_per_second);
  std::string problem;
  try {
    std::unique_lock lock(hdf5_mutex()); // so that no other thread is inside HDF5 when the process is copied
    problem = apart(
        [&] {
          lock.unlock();
          const Hdf5Session session;
          try {
            inspect(path, seal);
          } catch (const Hdf5Failure& failure) {
            return std::string("it is cut short or damaged: ") + failure.what();
          } catch (const Failure& failure) {
            return std::string(failure.what());
          }
          return std::string();
        },
        processor_time);
  } catch (const std::system_error&) {
    throw;
  } catch (const Ended& error) {
    throw Failure(std::string("it could not be checked: reading it ") + error.what() + "; try again");
  } catch (const std::runtime_error& error) {
    throw Failure(std::string("it is damaged: reading it ") + error.what());
  }
  if (!problem.empty()) {
    throw Failure(problem);
  }
  return seal;
}

} // namespace limbflow::core::storage
