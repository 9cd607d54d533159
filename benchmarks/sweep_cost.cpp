#include "benchmarks/sweep_cost.hpp"

#include "benchmarks/method.hpp"
#include "core/result_store.hpp"
#include "core/sweep.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace limbflow::benchmarks {

namespace {

double seconds_of_process() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Largest memory of this process so far, MiB; not a number where the system does not tell. (getrusage counts what it was forked from.)
double most_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (double kibibytes = 0.0; word == "VmHWM:" && status >> kibibytes)
      return kibibytes / 1024.0;
  return std::numeric_limits<double>::quiet_NaN();
}

} // namespace

std::string sweep_cost(std::size_t members, std::size_t summaries, const std::string& directory) {
  std::vector<double> points(members);
  std::iota(points.begin(), points.end(), 0.0);
  const core::SweepPlan plan({core::list_axis("number", "number", "", std::move(points))});
  std::vector<core::SummaryInfo> infos;
  for (std::size_t i = 0; i < summaries; ++i)
    infos.push_back({"summary_" + std::to_string(i), "1", "a number"});
  const std::filesystem::path path = std::filesystem::path(directory) / "sweep_cost.h5";
  std::filesystem::remove(path);

  const auto do_nothing = [](std::size_t begin, std::span<core::SummaryRow> rows, const std::function<void(std::size_t)>& over) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::fill(rows[i].values.begin(), rows[i].values.end(), static_cast<double>(begin + i));
      over(i);
    }
  };
  core::SweepOptions options;
  options.threads = 2;
  options.cancel = [] { return false; };
  options.progress = [](const core::SweepProgress&) {};
  double writing = 0.0;
  const double begin = seconds_of_process();
  {
    const double create_begin = processor_seconds();
    core::SweepStore store = core::SweepStore::create(path, plan, infos, {"cost of a sweep", "", {}, {}, {}});
    writing += processor_seconds() - create_begin;
    core::run_sweep_in_groups(plan, summaries, do_nothing, options, [&](const core::SweepRows& rows) {
      const double write_begin = processor_seconds();
      store.write(rows);
      writing += processor_seconds() - write_begin;
    });
    const double finish_begin = processor_seconds();
    store.finish();
    writing += processor_seconds() - finish_begin;
  }
  const double all = seconds_of_process() - begin;
  std::filesystem::remove(path);
  char line[100];
  std::snprintf(line, sizeof line, "%.6e %.6e %.1f", all, writing, most_memory());
  return line;
}

} // namespace limbflow::benchmarks
