#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <sys/types.h>
#include <unistd.h>

#include "core/result_store.hpp"

/// \file
/// The system's files as result files use them: descriptors, reading and writing at a place, a file that appears whole or not at all,
/// one writer at a time. For the sources of the store alone.

namespace limbflow::core::storage {

/// Why a step failed; becomes a StorageError where the path and the purpose are known (`attempt`).
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Failure with the system's words.
[[noreturn]] void fail_with_errno();

/// Runs a step, giving what goes wrong the path and the purpose.
template <class Step> auto attempt(const std::filesystem::path& path, const char* purpose, Step step) {
  try {
    return step();
  } catch (const Failure& failure) {
    throw StorageError(path, purpose, failure.what());
  } catch (const std::system_error& error) {
    throw StorageError(path, purpose, error.code().message());
  }
}

class Descriptor {
public:
  explicit Descriptor(int fd) : fd_(fd) {
    if (fd_ < 0) {
      fail_with_errno();
    }
  }
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  operator int() const { return fd_; }

private:
  int fd_;
};

/// `put(bytes, count, done)` writes some of what is left and returns how much, as write(2) does.
template <class Put> void write_all(const void* data, std::size_t size, Put put) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t written = put(static_cast<const char*>(data) + done, size - done, done);
    if (written < 0 && errno != EINTR) {
      fail_with_errno();
    }
    done += written > 0 ? static_cast<std::size_t>(written) : 0;
  }
}

void write_at(int fd, std::uint64_t offset, const void* data, std::size_t size);
void read_at(int fd, std::uint64_t offset, void* data, std::size_t size);
/// Claims disk space now, so that want of it is found before work is done and not in the middle of a change.
void reserve(int fd, std::uint64_t begin, std::uint64_t size);
std::uint64_t size_of(int fd);

/// A file beside its final place (`TARGET.part-123456`) that vanishes unless it is moved there. If the process is killed it stays, and
/// the next one for the same target removes it, once it is an hour old and nobody holds its lock.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::filesystem::path& target);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return *descriptor_; }

  void move_to_target();
  /// Keeps a target that appeared meanwhile.
  void move_to_free_target();

private:
  std::filesystem::path target_;
  std::string path_;
  std::optional<Descriptor> descriptor_;
};

/// Where a path leads to: a link is followed, so that its target is replaced and not the link.
std::filesystem::path resolved(const std::filesystem::path& path);
void require_regular_file(const std::filesystem::path& path);
/// What is written to a file that lost its name would be lost with it.
void require_still_there(const std::filesystem::path& path, int fd);

/// One writer at a time. An open-file-description lock: it keeps out a second store in this process too, ends with the
/// process, and does not hinder readers, whose HDF5 uses flock.
void lock(int fd);
void unlock(int fd);

} // namespace limbflow::core::storage
