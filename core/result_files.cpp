#include "core/result_files.hpp"

#include <array>
#include <cstring>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace limbflow::core::storage {

namespace fs = std::filesystem;

void fail_with_errno() { throw Failure(std::strerror(errno)); }

void write_at(int fd, std::uint64_t offset, const void* data, std::size_t size) {
  write_all(data, size, [&](const char* bytes, std::size_t count, std::size_t done) {
    return ::pwrite(fd, bytes, count, static_cast<off_t>(offset + done));
  });
}

void read_at(int fd, std::uint64_t offset, void* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(fd, static_cast<char*>(data) + done, size - done, static_cast<off_t>(offset + done));
    if (count == 0) {
      throw Failure("it ends too early");
    }
    if (count < 0 && errno != EINTR) {
      fail_with_errno();
    }
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
}

void reserve(int fd, std::uint64_t begin, std::uint64_t size) {
  if (const int error = ::posix_fallocate(fd, static_cast<off_t>(begin), static_cast<off_t>(size)); error != 0) {
    throw Failure(std::strerror(error));
  }
}

std::uint64_t size_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    fail_with_errno();
  }
  return static_cast<std::uint64_t>(status.st_size);
}

namespace {

constexpr std::string_view part_mark = ".part-";
constexpr std::size_t part_digits = 6;

bool try_to_lock(int fd) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

bool is_part_of(std::string_view name, std::string_view target) {
  if (!name.starts_with(target)) {
    return false;
  }
  name.remove_prefix(target.size());
  if (!name.starts_with(part_mark) || name.size() != part_mark.size() + part_digits) {
    return false;
  }
  name.remove_prefix(part_mark.size());
  return name.find_first_not_of("0123456789") == std::string_view::npos;
}

// Nothing yet, or HDF5.
bool begins_like_a_result(int fd) {
  std::array<char, 8> first{};
  const ssize_t count = ::pread(fd, first.data(), first.size(), 0);
  const std::string_view begin(first.data(), first.size());
  return count == 0 || (count > 0 && (begin == "\x89HDF\r\n\x1a\n" || begin.find_first_not_of('\0') == std::string_view::npos));
}

bool is_named(const fs::path& path, int fd) {
  struct stat named {}, opened {};
  if (::fstat(fd, &opened) != 0) {
    fail_with_errno();
  }
  return ::stat(path.c_str(), &named) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

// What a process that was killed left beside this target: nobody holds its lock, and nobody has written to it for an hour.
void remove_abandoned_parts(const fs::path& target) {
  constexpr std::time_t an_hour = 3600;
  std::error_code error;
  fs::directory_iterator entry(target.has_parent_path() ? target.parent_path() : fs::path("."), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    if (!is_part_of(path.filename().native(), target.filename().native())) {
      continue;
    }
    const int fd = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
      continue;
    }
    const Descriptor part(fd);
    struct stat status {};
    if (::fstat(part, &status) == 0 && S_ISREG(status.st_mode) && status.st_mtime < std::time(nullptr) - an_hour &&
        try_to_lock(part) && begins_like_a_result(part) && is_named(path, part)) {
      ::unlink(path.c_str());
    }
  }
}

} // namespace

TemporaryFile::TemporaryFile(const fs::path& target) : target_(target) {
  remove_abandoned_parts(target);
  const std::string start = target.string().append(part_mark);
  // Made with the permissions that any new file gets, which mkstemp does not.
  for (int attempt = 0;; ++attempt) {
    path_ = start + std::to_string(100000 + (::getpid() * 64 + attempt) % 900000);
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST || attempt == 63) {
      descriptor_.emplace(fd);
      try_to_lock(fd); // says that it is not abandoned
      return;
    }
  }
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

void TemporaryFile::move_to_target() {
  if (::rename(path_.c_str(), target_.c_str()) != 0) {
    fail_with_errno();
  }
  path_.clear();
  unlock(*descriptor_); // a child may hold on to it
}

void TemporaryFile::move_to_free_target() {
  if (::link(path_.c_str(), target_.c_str()) == 0) {
    ::unlink(path_.c_str());
    path_.clear();
    unlock(*descriptor_);
  } else if (errno == EEXIST) {
    fail_with_errno();
  } else { // a file system without hard links
    move_to_target();
  }
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  return error ? path : target;
}

void require_regular_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Failure(error ? error.message() : "No such file or directory");
  }
  if (!fs::is_regular_file(status)) {
    throw Failure(fs::is_directory(status) ? "it is a directory" : "it is not a regular file");
  }
}

void require_still_there(const fs::path& path, int fd) {
  if (!is_named(path, fd)) {
    throw Failure("the file was removed, moved or replaced");
  }
}

void lock(int fd) {
  if (!try_to_lock(fd)) {
    if (errno == EAGAIN || errno == EACCES) {
      throw Failure("another sweep is writing to it");
    }
    fail_with_errno();
  }
}

void unlock(int fd) {
  struct flock whole {};
  whole.l_type = F_UNLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &whole) != 0) {
    fail_with_errno();
  }
}

} // namespace limbflow::core::storage
