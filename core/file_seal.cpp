#include "core/file_seal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/crc.hpp>

namespace limbflow::core {

namespace {

using Checksum = boost::crc_optimal<64, 0x42F0E1EBA9EA3693, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, true, true>;

constexpr std::string_view opening = "limbflow seal 1 crc64 ";

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category()); }

void write_line(char* text, std::uint64_t checksum, std::uint64_t length) {
  std::snprintf(text, SealLine::size + 1, "%s%016" PRIx64 " of %020" PRIu64 " B\n", opening.data(), checksum, length);
}

std::uint64_t length_of(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    fail();
  return static_cast<std::uint64_t>(status.st_size);
}

// Returns how much there was, less than `size` at the end of the file.
std::size_t read_up_to(int descriptor, std::uint64_t offset, char* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(descriptor, to + done, size - done, static_cast<off_t>(offset + done));
    if (count == 0)
      break;
    if (count < 0 && errno != EINTR)
      fail();
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  return done;
}

std::uint64_t checksum_of(int descriptor, std::uint64_t length) {
  Checksum checksum;
  std::vector<char> block(std::size_t{1} << 18);
  for (std::uint64_t at = 0; at < length;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), length - at));
    const std::size_t count = read_up_to(descriptor, at, block.data(), wanted);
    if (count == 0)
      break;
    checksum.process_bytes(block.data(), count);
    at += count;
  }
  return checksum.checksum();
}

} // namespace

SealLine::SealLine(const void* bytes, std::uint64_t count) {
  Checksum checksum;
  checksum.process_bytes(bytes, count);
  write_line(text_, checksum.checksum(), count);
}

Seal check_seal(int descriptor) {
  const std::uint64_t length = length_of(descriptor);
  std::array<char, SealLine::size> found{};
  if (length < found.size() || read_up_to(descriptor, length - found.size(), found.data(), found.size()) != found.size() ||
      std::memcmp(found.data(), opening.data(), opening.size()) != 0)
    return Seal::absent;
  const std::uint64_t sealed = length - found.size();
  std::array<char, SealLine::size + 1> expected{};
  write_line(expected.data(), checksum_of(descriptor, sealed), sealed);
  return std::memcmp(found.data(), expected.data(), found.size()) == 0 ? Seal::intact : Seal::broken;
}

void append_seal(int descriptor) {
  const std::uint64_t length = length_of(descriptor);
  std::array<char, SealLine::size + 1> line{};
  write_line(line.data(), checksum_of(descriptor, length), length);
  for (std::size_t done = 0; done < SealLine::size;) {
    const ssize_t count = ::pwrite(descriptor, line.data() + done, SealLine::size - done, static_cast<off_t>(length + done));
    if (count == 0)
      errno = EIO;
    if (count == 0 || (count < 0 && errno != EINTR)) {
      const int why = errno;
      if (::ftruncate(descriptor, static_cast<off_t>(length)) == 0) // no half of a seal
        errno = why;
      fail();
    }
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
}

} // namespace limbflow::core
