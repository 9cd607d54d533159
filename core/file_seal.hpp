#pragma once

#include <cstdint>

/// \file
/// A seal: one line at the end of a file with the length of what is before it and its checksum, so that a reader can tell whether a
/// single bit of it changed before it makes anything of the bytes.
///
///   limbflow seal 1 crc64 0123456789abcdef of 00000000000000012345 B\n
///
/// The checksum is CRC-64 (ECMA-182, reflected, as in xz): it finds every burst of up to 64 bits, any other damage but for one in 2^64.
/// HDF5 reads nothing beyond the end that its own superblock states, so a sealed HDF5 file opens everywhere.

namespace limbflow::core {

enum class Seal {
  absent, ///< the file does not end with the line of a seal
  intact, ///< it does, and the bytes before it are those that were sealed
  broken  ///< it does, and they are not
};

/// Whether the open file has a seal, and whether it holds. Throws std::system_error if the file cannot be read.
Seal check_seal(int descriptor);

/// Appends the seal of all that is in the file. Throws std::system_error if that cannot be read or written.
void append_seal(int descriptor);

/// The line that seals these bytes; for files that are made in memory.
class SealLine {
public:
  static constexpr std::uint64_t size = 65;
  SealLine(const void* bytes, std::uint64_t count);
  const char* data() const { return text_; }

private:
  char text_[size + 1];
};

} // namespace limbflow::core
