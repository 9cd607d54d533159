#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

/// \file
/// Work on bytes that cannot be trusted, apart: in a child process that may crash or hang without harm to this one.

namespace limbflow::core {

/// The child was ended by somebody else, which says nothing of the bytes.
struct Ended : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs `work` in a forked child and returns the text that it returned, at most 64 KiB of it. A child that crashes, throws or does not
/// end within `processor_time` (or twenty times that by the clock) gives an exception here: std::runtime_error that goes on after
/// "reading it ..." (`crashed (Segmentation fault)`), or what the child threw; Ended; std::system_error if there can be no child.
///
/// `work` sees a copy of this process with one thread, the calling one. It must not wait for other threads; the child prints nothing
/// and has none of this process's files open.
std::string apart(const std::function<std::string()>& work, std::chrono::seconds processor_time);

} // namespace limbflow::core
