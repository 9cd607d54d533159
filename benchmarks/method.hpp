// A way to run the session, and the commands by which a benchmark program is asked to.
#pragma once

#include "benchmarks/classic_session.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace limbflow::benchmarks {

/// What a method made of the session.
struct Attempt {
  Ends ends;                    ///< of one run; fewer than there are segments if it gave up
  double seconds = 0.0;         ///< of one run
  std::size_t evaluations = 0;  ///< right-hand sides of one run; 0 if not counted
};

/// Methods by their names.
using Methods = std::vector<std::pair<std::string, std::function<Attempt(const Session&, double tolerance)>>>;

/// Processor time of this thread, s.
double processor_seconds();

/// Another command: its words after its name, to one line of numbers.
using Commands = std::map<std::string, std::function<std::string(const std::vector<std::string>&)>>;

/// Answers each line of the standard input with one line, or the one command that is given in words:
///
///   methods FIDELITY                    names, with bars between
///   run FIDELITY TOLERANCE METHOD       error, seconds, right-hand sides
///   and those in `more`
///
/// A command that fails is answered by `error` and what happened. Returns the exit code.
int serve(const std::vector<std::string>& words, const std::function<Methods(models::Fidelity)>& methods_of,
          const Commands& more = {});

} // namespace limbflow::benchmarks
