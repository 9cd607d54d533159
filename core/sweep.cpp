#include "core/sweep.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>

#include <boost/random/sobol.hpp>

#include "core/diagnostics.hpp"

namespace limbflow::core {

// ---- axes
// ---------------------------------------------------------------------------------------------------------------

namespace {

Diagnostic axis_problem(const std::string& axis, std::string message) {
  Diagnostic problem;
  problem.rule = "sweep-axis";
  problem.key = axis;
  problem.message = std::move(message);
  return problem;
}

InputError bad_axis(const std::string& axis, std::string message) {
  return InputError(axis_problem(axis, std::move(message)));
}

} // namespace

std::string Coordinate::text(std::size_t point) const {
  if (!labels.empty()) {
    return labels.at(point);
  }
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), values.at(point)).ptr;
  std::string number(digits.data(), end);
  return unit.empty() ? number : number + " " + unit;
}

Axis list_axis(std::string name, std::string key, std::string unit, std::vector<double> values) {
  return {name, {Coordinate{name, std::move(key), std::move(unit), std::move(values), {}}}};
}

Axis label_axis(std::string name, std::string key, std::vector<std::string> labels) {
  return {name, {Coordinate{name, std::move(key), "", {}, std::move(labels)}}};
}

Axis grid_axis(std::string name, std::string key, std::string unit, double from, double to, std::size_t steps) {
  if (steps == 0 || (steps == 1 && from != to)) {
    throw bad_axis(name, "a grid between two values needs at least 2 steps");
  }
  return list_axis(std::move(name), std::move(key), std::move(unit), grid_points(from, to, steps));
}

std::vector<double> grid_points(double from, double to, std::size_t steps) {
  std::vector<double> values(steps, from);
  for (std::size_t i = 1; i < steps; ++i) {
    const auto last = static_cast<double>(steps - 1);
    const auto at = static_cast<double>(i);
    values[i] = (from * (last - at) + to * at) / last;
  }
  if (steps > 1)
    values.back() = to;
  return values;
}

// ---- samples
// ------------------------------------------------------------------------------------------------------------

namespace {

constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15;

// Output function of SplitMix64.
constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

constexpr std::uint64_t random_bits(std::uint64_t key, std::uint64_t index) {
  return mixed(key + (index + 1) * golden_gamma);
}

constexpr double largest_below_one = 1.0 - 0x1p-53;

// In the open interval (0, 1), on the centres of 2^52 cells: of more, the last centre would round to 1.
constexpr double unit_interval(std::uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }
static_assert(unit_interval(0) > 0.0 && unit_interval(~std::uint64_t{0}) == largest_below_one);

// Permutation of [0, count) by a balanced Feistel network on the next even power of two.
std::uint64_t permuted(std::uint64_t index, std::uint64_t count, std::uint64_t key) {
  const int half_bits = std::max(1, (static_cast<int>(std::bit_width(count - 1)) + 1) / 2);
  const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
  do {
    std::uint64_t left = index >> half_bits;
    std::uint64_t right = index & mask;
    for (std::uint64_t round = 0; round < 8; ++round) {
      const std::uint64_t next = left ^ (mixed(key ^ mixed(right + round * golden_gamma)) & mask);
      left = right;
      right = next;
    }
    index = (left << half_bits) | right;
  } while (index >= count);
  return index;
}

} // namespace

struct UnitSampler::Sobol {
  boost::random::sobol engine;
};

UnitSampler::UnitSampler(Sampling sampling, std::uint64_t seed, std::size_t count, std::size_t dimensions)
    : sampling_(sampling), count_(count), keys_(dimensions) {
  for (std::size_t dimension = 0; dimension < dimensions; ++dimension) {
    keys_[dimension] = random_bits(mixed(seed), dimension);
  }
  if (sampling == Sampling::sobol) {
    sobol_ = std::make_unique<Sobol>(Sobol{boost::random::sobol(dimensions)});
  }
}

UnitSampler::~UnitSampler() = default;

void UnitSampler::sample(std::size_t index, std::span<double> point) {
  // Boost's sequence leaves out the zero point; without it the first 2^k points are no net.
  if (sobol_ && index > 0) {
    sobol_->engine.seed(index - 1);
  }
  for (std::size_t dimension = 0; dimension < keys_.size(); ++dimension) {
    const std::uint64_t key = keys_[dimension];
    switch (sampling_) {
    case Sampling::uniform:
      point[dimension] = unit_interval(random_bits(key, index));
      break;
    case Sampling::latin_hypercube: {
      const auto slice = static_cast<double>(permuted(index, count_, key));
      const double place = (slice + unit_interval(random_bits(key, index))) / static_cast<double>(count_);
      point[dimension] = std::min(place, largest_below_one); // a long sample's last slice has digits to round up
      break;
    }
    case Sampling::sobol:
      point[dimension] = unit_interval((index > 0 ? sobol_->engine() : 0) ^ key);
      break;
    }
  }
}

Axis sampled_axis(Sampling sampling, const std::vector<SampledRange>& ranges, std::size_t count, std::uint64_t seed,
                  std::string name) {
  if (ranges.empty() || count == 0) {
    throw bad_axis(name, "a sample needs at least one range and one point");
  }
  Axis axis{std::move(name), {}};
  for (const SampledRange& range : ranges) {
    if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > range.high) {
      throw bad_axis(range.name, "a sampled range needs finite low <= high");
    }
    axis.coordinates.push_back({range.name, range.key, range.unit, std::vector<double>(count), {}});
  }
  UnitSampler sampler(sampling, seed, count, ranges.size());
  std::vector<double> point(ranges.size());
  for (std::size_t index = 0; index < count; ++index) {
    sampler.sample(index, point);
    for (std::size_t dimension = 0; dimension < ranges.size(); ++dimension) {
      const auto& [_name, _key, _unit, low, high] = ranges[dimension];
      axis.coordinates[dimension].values[index] = std::clamp(low + point[dimension] * (high - low), low, high);
    }
  }
  return axis;
}

// ---- plan
// ---------------------------------------------------------------------------------------------------------------

SweepPlan::SweepPlan(std::vector<Axis> axes) : axes_(std::move(axes)), size_(1) {
  Diagnostics problems;
  const auto complain = [&](const std::string& axis, std::string message) {
    problems.add(axis_problem(axis, std::move(message)));
  };
  if (axes_.empty()) {
    complain("axes", "a sweep needs at least one axis");
  }
  std::set<std::string> names, keys;
  for (const Axis& axis : axes_) {
    if (axis.name.empty()) {
      complain(axis.name, "an axis needs a name");
    }
    if (axis.is_zipped() && !names.insert(axis.name).second) {
      complain(axis.name, "the name is given twice");
    }
    if (axis.size() == 0) {
      complain(axis.name, "the axis has no points");
      continue;
    }
    for (const Coordinate& coordinate : axis.coordinates) {
      if (coordinate.name.empty() || coordinate.key.empty()) {
        complain(axis.name, "a coordinate needs a name and a key");
      }
      if (!names.insert(coordinate.name).second) {
        complain(coordinate.name, "the name is given twice");
      }
      if (!keys.insert(coordinate.key).second) {
        complain(coordinate.key, "two axes set it");
      }
      if (coordinate.size() != axis.size()) {
        complain(coordinate.name, "has " + std::to_string(coordinate.size()) + " points and " +
                                      axis.coordinates.front().name + " has " + std::to_string(axis.size()) +
                                      ": coordinates that move together need as many each");
      }
      if (!std::all_of(coordinate.values.begin(), coordinate.values.end(),
                       [](double value) { return std::isfinite(value); })) {
        complain(coordinate.name, "a point is not a finite number");
      }
    }
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
    if (axis.size() > most / size_) {
      complain(axis.name, "the axes make more members than can be counted");
    } else {
      size_ *= axis.size();
    }
  }
  problems.throw_if_errors();
}

std::vector<std::size_t> SweepPlan::shape() const {
  std::vector<std::size_t> sizes;
  for (const Axis& axis : axes_) {
    sizes.push_back(axis.size());
  }
  return sizes;
}

std::vector<std::size_t> SweepPlan::points(std::size_t member) const {
  std::vector<std::size_t> result(axes_.size());
  for (std::size_t i = axes_.size(); i-- > 0;) {
    const std::size_t size = std::max<std::size_t>(1, axes_[i].size()); // no axis of a plan is empty
    result[i] = member % size;
    member /= size;
  }
  return result;
}

std::size_t SweepPlan::member(std::span<const std::size_t> points) const {
  std::size_t result = 0;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    result = result * axes_[i].size() + points[i];
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> SweepPlan::settings(std::size_t member) const {
  const std::vector<std::size_t> at = points(member);
  std::vector<std::pair<std::string, std::string>> result;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    for (const Coordinate& coordinate : axes_[i].coordinates) {
      result.emplace_back(coordinate.key, coordinate.text(at[i]));
    }
  }
  return result;
}

// ---- status
// -------------------------------------------------------------------------------------------------------------

// A status is an outcome moved up by one, between `pending` and `failed`.
MemberStatus status_of(Outcome outcome) {
  static_assert(static_cast<int>(MemberStatus::completed) == static_cast<int>(Outcome::completed) + 1);
  static_assert(static_cast<int>(MemberStatus::bound_violated) == static_cast<int>(Outcome::bound_violated) + 1);
  return static_cast<MemberStatus>(static_cast<int>(outcome) + 1);
}

std::string_view to_string(MemberStatus status) {
  switch (status) {
  case MemberStatus::pending:
    return "pending";
  case MemberStatus::failed:
    return "failed";
  default:
    return to_string(static_cast<Outcome>(static_cast<int>(status) - 1));
  }
}

// ---- running
// ------------------------------------------------------------------------------------------------------------

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

struct MemberRange {
  std::size_t begin, end;
};

// Stretches of members to be run, cut at multiples of `chunk`, so that cutting does not depend on what was done before.
std::vector<MemberRange> ranges_to_run(std::size_t size, std::size_t chunk,
                                       const std::function<bool(std::size_t)>& already_done) {
  std::vector<MemberRange> ranges;
  for (std::size_t member = 0; member < size; ++member) {
    if (already_done && already_done(member)) {
      continue;
    }
    if (!ranges.empty() && ranges.back().end == member && member % chunk != 0) {
      ++ranges.back().end;
    } else {
      ranges.push_back({member, member + 1});
    }
  }
  return ranges;
}

// Says in the row what its work threw.
template <class Work> void fail_on_error(SummaryRow& row, Work&& work) {
  try {
    work();
  } catch (const std::exception& error) {
    row.status = MemberStatus::failed;
    row.message = error.what();
  } catch (...) {
    row.status = MemberStatus::failed;
    row.message = "an error of unknown kind";
  }
}

// Members one after the other, as a group.
SweepGroupWorker one_by_one(const SweepWorker& worker) {
  return [&worker](std::size_t begin, std::span<SummaryRow> rows, const std::function<void(std::size_t)>& over) {
    for (std::size_t i = 0; i < rows.size() && !rows[i].stop.stop_requested(); ++i) {
      fail_on_error(rows[i], [&] { worker(begin + i, rows[i]); });
      over(i);
    }
  };
}

// The rows of one range that are over: all of it, or what a stop left, in stretches of consecutive members.
std::vector<SweepRows> run_range(MemberRange range, std::size_t summary_count, const SweepGroupWorker& worker,
                    const std::stop_token& stop, std::atomic<std::size_t>& finished, std::atomic<std::size_t>& failed) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::size_t members = range.end - range.begin;
  std::vector<double> values(members * summary_count, nan);
  std::vector<SummaryRow> open(members);
  std::vector<char> is_over(members, false);
  for (std::size_t i = 0; i < members; ++i) {
    open[i].values = std::span(values).subspan(i * summary_count, summary_count);
    open[i].stop = stop;
  }
  const auto over = [&](std::size_t i) {
    SummaryRow& row = open[i];
    if (row.status == MemberStatus::cancelled || row.status == MemberStatus::pending) {
      if (stop.stop_requested()) {
        return;
      }
      row.status = MemberStatus::failed;
      row.message = "stopped half-way, and nobody asked it to" + (row.message.empty() ? "" : ": " + row.message);
    }
    if (row.status == MemberStatus::failed) {
      std::fill(row.values.begin(), row.values.end(), nan);
    }
    is_over[i] = true;
    failed += !is_success(row.status);
    ++finished;
  };
  SummaryRow whole;
  fail_on_error(whole, [&] { worker(range.begin, open, over); });
  for (std::size_t i = 0; i < members && !stop.stop_requested(); ++i) {
    if (!is_over[i]) {
      open[i].status = MemberStatus::failed;
      open[i].message = whole.status == MemberStatus::failed ? whole.message : "the worker forgot it";
      over(i);
    }
  }
  std::vector<SweepRows> stretches;
  for (std::size_t i = 0; i < members; ++i) {
    if (!is_over[i]) {
      continue;
    }
    if (i == 0 || !is_over[i - 1]) {
      stretches.push_back({range.begin + i, summary_count, {}, {}, {}});
    }
    SweepRows& rows = stretches.back();
    rows.values.insert(rows.values.end(), open[i].values.begin(), open[i].values.end());
    rows.statuses.push_back(open[i].status);
    rows.messages.push_back(std::move(open[i].message));
  }
  return stretches;
}

// Finished rows on their way from the threads to the calling thread. Full at `capacity`: a thread then waits.
class RowQueue {
public:
  explicit RowQueue(std::size_t capacity, unsigned producers) : capacity_(capacity), producers_(producers) {}

  void push(SweepRows rows) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return queue_.size() < capacity_; });
    queue_.push_back(std::move(rows));
    filled_.notify_one();
  }

  void producer_done(std::exception_ptr error) {
    std::lock_guard lock(mutex_);
    --producers_;
    if (error && !error_) {
      error_ = error;
    }
    filled_.notify_one();
  }

  // Next rows, or nothing after `patience` or when all producers are done.
  std::optional<SweepRows> pop(Clock::duration patience) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, patience, [&] { return !queue_.empty() || producers_ == 0; });
    if (queue_.empty()) {
      return std::nullopt;
    }
    SweepRows rows = std::move(queue_.front());
    queue_.pop_front();
    room_.notify_one();
    return rows;
  }

  bool exhausted() {
    std::lock_guard lock(mutex_);
    return queue_.empty() && producers_ == 0;
  }

  std::exception_ptr error() {
    std::lock_guard lock(mutex_);
    return error_;
  }

private:
  std::mutex mutex_;
  std::condition_variable filled_, room_;
  std::deque<SweepRows> queue_;
  std::size_t capacity_;
  unsigned producers_;
  std::exception_ptr error_;
};

SweepReport run_chunks(const SweepPlan& plan, std::size_t summary_count, const SweepGroupWorker& worker,
                       const SweepOptions& options, const SweepSink& sink, std::size_t chunks_per_thread,
                       std::size_t smallest_chunk) {
  constexpr auto cancel_interval = std::chrono::milliseconds(50);
  constexpr double progress_interval_s = 0.1;
  constexpr std::size_t largest_automatic_chunk = 256;

  const Clock::time_point begin = Clock::now();
  const unsigned wanted = options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  const std::size_t chunk = options.chunk > 0 ? options.chunk
                                              : std::clamp<std::size_t>(plan.size() / (wanted * chunks_per_thread),
                                                                        smallest_chunk, largest_automatic_chunk);
  const std::vector<MemberRange> ranges = ranges_to_run(plan.size(), chunk, options.already_done);
  const auto threads = static_cast<unsigned>(std::clamp<std::size_t>(ranges.size(), 1, wanted));
  std::size_t to_run = 0;
  for (const MemberRange& range : ranges) {
    to_run += range.end - range.begin;
  }

  std::stop_source stop;
  std::atomic<std::size_t> next_range = 0, finished = 0, failed = 0;
  RowQueue queue(2 * std::size_t{threads} + 2, threads);
  const auto produce = [&] {
    std::exception_ptr error;
    try {
      while (!stop.stop_requested()) {
        const std::size_t i = next_range++;
        if (i >= ranges.size()) {
          break;
        }
        for (SweepRows& rows : run_range(ranges[i], summary_count, worker, stop.get_token(), finished, failed)) {
          queue.push(std::move(rows));
        }
      }
    } catch (...) { // out of memory for the rows
      error = std::current_exception();
      stop.request_stop();
    }
    queue.producer_done(error);
  };
  std::vector<std::jthread> pool;
  pool.reserve(threads);
  try {
    while (pool.size() < threads) {
      pool.emplace_back(produce);
    }
  } catch (const std::exception&) { // there are no more threads to be had: those that run do it all
    if (pool.empty()) {
      throw;
    }
    for (std::size_t i = pool.size(); i < threads; ++i) {
      queue.producer_done(nullptr);
    }
  }

  SweepReport report;
  std::exception_ptr error;
  bool sink_works = true;
  double last_progress_s = 0;
  const auto show_progress = [&] {
    last_progress_s = seconds_since(begin);
    options.progress({plan.size() - to_run + finished, failed, plan.size(), last_progress_s});
  };
  Clock::time_point next_cancel_check = begin;
  while (!queue.exhausted()) {
    const std::optional<SweepRows> rows = queue.pop(cancel_interval);
    try {
      if (rows && sink_works) {
        sink_works = false; // NOLINT(clang-analyzer-deadcode.DeadStores): read after the sink threw
        sink(*rows);
        sink_works = true;
        report.finished += rows->size();
        report.failed += static_cast<std::size_t>(std::count_if(
            rows->statuses.begin(), rows->statuses.end(), [](MemberStatus status) { return !is_success(status); }));
      }
      if (!stop.stop_requested()) {
        if (options.cancel && Clock::now() >= next_cancel_check) {
          next_cancel_check = Clock::now() + cancel_interval;
          if (options.cancel()) {
            stop.request_stop();
          }
        }
        if (options.progress && seconds_since(begin) - last_progress_s >= progress_interval_s) {
          show_progress();
        }
      }
    } catch (...) {
      error = std::current_exception();
      stop.request_stop();
    }
  }
  pool.clear(); // joins
  if (!error) {
    error = queue.error();
  }
  if (error) {
    std::rethrow_exception(error);
  }
  report.left = to_run - report.finished;
  report.elapsed_s = seconds_since(begin);
  if (options.progress) {
    show_progress();
  }
  return report;
}

} // namespace

SweepReport run_sweep(const SweepPlan& plan, std::size_t summary_count, const SweepWorker& worker,
                      const SweepOptions& options, const SweepSink& sink) {
  constexpr std::size_t chunks_per_thread = 32;
  return run_chunks(plan, summary_count, one_by_one(worker), options, sink, chunks_per_thread, 1);
}

SweepReport run_sweep_in_groups(const SweepPlan& plan, std::size_t summary_count, const SweepGroupWorker& worker,
                                const SweepOptions& options, const SweepSink& sink) {
  // Larger chunks than one by one: the lanes run empty at the end of each.
  constexpr std::size_t chunks_per_thread = 8, full_lanes = 32;
  const unsigned wanted = options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  const std::size_t share = (plan.size() + wanted - 1) / wanted;
  return run_chunks(plan, summary_count, worker, options, sink, chunks_per_thread,
                    std::clamp<std::size_t>(share, 1, full_lanes));
}

} // namespace limbflow::core
