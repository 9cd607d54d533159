#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/outcome.hpp"

/// \file
/// Many runs of one model: which points of which axes (`SweepPlan`), and how they are run (`run_sweep`).
///
///   axes  ->  SweepPlan: member index <-> point of every axis  ->  worker(member, row) on threads
///                                                              ->  sink(rows), one writer, in the calling thread
///
/// A member is a pure function of its index: neither the number of threads nor the order in which members finish
/// changes a result.

namespace limbflow::core {

/// One quantity along an axis: either numbers in `unit` or `labels`, one per point.
struct Coordinate {
  std::string name;           ///< name in the result, e.g. `cuff_pressure`
  std::string key;            ///< what it sets, e.g. `cuff.pressure`
  std::string unit;           ///< of `values`, as a person would write it, e.g. `%AOP`; empty: a plain number or labels
  std::vector<double> values; ///< in `unit`
  std::vector<std::string> labels;

  std::size_t size() const { return labels.empty() ? values.size() : labels.size(); }

  /// The point as scenario text: `"20 %AOP"`, `"adult_man"`. Reads back to the same bits.
  std::string text(std::size_t point) const;
};

/// One dimension of a sweep. Several coordinates are zipped: they move together along the dimension.
struct Axis {
  std::string name;
  std::vector<Coordinate> coordinates;

  std::size_t size() const { return coordinates.empty() ? 0 : coordinates.front().size(); }

  /// False when the axis is its only coordinate, true when coordinates lie along a dimension that just counts.
  bool is_zipped() const { return coordinates.size() != 1 || coordinates.front().name != name; }
};

/// An axis of the given numbers, its dimension named as its only coordinate.
Axis list_axis(std::string name, std::string key, std::string unit, std::vector<double> values);

/// An axis of the given labels, such as the names of people.
Axis label_axis(std::string name, std::string key, std::vector<std::string> labels);

/// An axis of `steps` equally spaced numbers from `from` to `to`, both included exactly.
/// Throws InputError when `steps` is 0, or 1 with `from` unlike `to`.
Axis grid_axis(std::string name, std::string key, std::string unit, double from, double to, std::size_t steps);

/// `steps` numbers evenly from `from` to `to`, ends included; `from` alone for one step.
std::vector<double> grid_points(double from, double to, std::size_t steps);

/// What a sampled axis draws from: uniform on [low, high].
struct SampledRange {
  std::string name, key, unit;
  double low = 0, high = 1;
};

enum class Sampling {
  uniform,         ///< independent draws
  latin_hypercube, ///< one draw in each of `count` equal slices of every range
  sobol,           ///< low-discrepancy sequence, digitally shifted by the seed
};

/// Points of a sample of `count` points in the open unit cube. A point depends on the arguments and its index alone,
/// and uniform and Sobol points not even on `count`: a longer sample begins with the shorter one.
///
/// Uniform numbers are SplitMix64 addressed by index (Steele, Lea & Flood 2014, OOPSLA 49:453); Latin hypercubes
/// permute the slices by a Feistel network walked until it lands in range (Black & Rogaway 2002, CT-RSA, LNCS
/// 2271:114); Sobol direction numbers are those of Joe & Kuo 2008 (SIAM J Sci Comput 30:2635) in Boost.Random, shifted
/// by xor.
class UnitSampler {
public:
  /// `dimensions` at least 1. Throws std::range_error for more dimensions than there are Sobol directions (3667).
  UnitSampler(Sampling sampling, std::uint64_t seed, std::size_t count, std::size_t dimensions);
  ~UnitSampler();

  /// Writes the point with this index, below `count`, to `point`: one number in (0, 1) per dimension.
  void sample(std::size_t index, std::span<double> point);

private:
  struct Sobol;
  Sampling sampling_;
  std::uint64_t count_;
  std::vector<std::uint64_t> keys_; // one per dimension
  std::unique_ptr<Sobol> sobol_;
};

/// An axis of `count` points drawn in all `ranges` together.
/// Throws InputError on no points, no ranges, or a range that is not finite with low <= high.
Axis sampled_axis(Sampling sampling, const std::vector<SampledRange>& ranges, std::size_t count, std::uint64_t seed,
                  std::string name = "member");

/// The members of a sweep: every combination of the points of its axes, the last axis fastest (row-major).
class SweepPlan {
public:
  /// Throws InputError when there is no axis, an axis or coordinate is empty or unnamed or sets nothing, names or keys
  /// repeat, zipped coordinates differ in length, a number is not finite, or there are too many members to count.
  explicit SweepPlan(std::vector<Axis> axes);

  const std::vector<Axis>& axes() const { return axes_; }
  std::size_t size() const { return size_; }
  std::vector<std::size_t> shape() const;

  /// Point on each axis of a member; `member` < size().
  std::vector<std::size_t> points(std::size_t member) const;

  /// Member at the given point of each axis, the inverse of `points`.
  std::size_t member(std::span<const std::size_t> points) const;

  /// What distinguishes the member, as key and scenario text: `{"cuff.pressure", "20 %AOP"}, ...`.
  std::vector<std::pair<std::string, std::string>> settings(std::size_t member) const;

private:
  std::vector<Axis> axes_;
  std::size_t size_ = 0;
};

/// How a member stands. Values are those stored in result files.
enum class MemberStatus : std::int8_t {
  pending = 0,
  completed = 1,
  event = 2,
  cancelled = 3, ///< stopped half-way on request; never stored: the member is still to be run
  non_finite = 4,
  step_too_small = 5,
  step_limit = 6,
  bound_violated = 7,
  failed = 8, ///< threw; the message says what
};

inline constexpr std::size_t member_status_count = 9;

/// Name of a status as in files and tables, e.g. `"step_too_small"`.
std::string_view to_string(MemberStatus status);

MemberStatus status_of(Outcome outcome);

/// True for a member that ran to its end: completed, or ended by one of its events.
constexpr bool is_success(MemberStatus status) {
  return status == MemberStatus::completed || status == MemberStatus::event;
}

/// Where a worker puts one member's results.
struct SummaryRow {
  std::span<double> values; ///< one per summary; NaN until written
  MemberStatus status = MemberStatus::completed;
  std::string message; ///< for a person: why the member did not complete
  /// Asked for when the sweep is cancelled. A worker may look at it, stop early and set `MemberStatus::cancelled`; one
  /// that does so unasked has failed.
  std::stop_token stop;
};

/// Finished members `begin` .. `begin + size()`.
struct SweepRows {
  std::size_t begin = 0;
  std::size_t summary_count = 0;
  std::vector<double> values; ///< [member - begin][summary]
  std::vector<MemberStatus> statuses;
  std::vector<std::string> messages;

  std::size_t size() const { return statuses.size(); }
  std::span<const double> values_of(std::size_t row) const {
    return std::span(values).subspan(row * summary_count, summary_count);
  }
};

struct SweepProgress {
  std::size_t finished = 0; ///< members, those done before included
  std::size_t failed = 0;   ///< members of this call that did not end in success
  std::size_t total = 0;
  double elapsed_s = 0; ///< of this call
};

struct SweepReport {
  std::size_t finished = 0; ///< members whose rows went to the sink in this call
  std::size_t failed = 0;   ///< of them, those that did not end in success
  std::size_t left = 0;     ///< members still to be run
  double elapsed_s = 0;
};

struct SweepOptions {
  unsigned threads = 0;  ///< 0: one for each processor
  std::size_t chunk = 0; ///< most members to hand to a thread at a time; 0: chosen from the number of members
  /// Asked from the calling thread about twenty times a second; true ends the sweep.
  std::function<bool()> cancel;
  /// Called from the calling thread at most ten times a second, and at the end.
  std::function<void(const SweepProgress&)> progress;
  /// Members that need not be run, as in a sweep that is resumed.
  std::function<bool(std::size_t member)> already_done;
};

/// Runs a member: fills `row.values`, sets `row.status` and `row.message`. Called from many threads at once. What it
/// throws becomes a row with `MemberStatus::failed` and all values NaN.
using SweepWorker = std::function<void(std::size_t member, SummaryRow& row)>;

/// Runs members `begin`, `begin + 1`, ... side by side, one for each row, and tells of each that is over by
/// `over(its place among the rows)`. What it throws becomes a failure of every member that is not over. A member that
/// fails by itself is a row with `MemberStatus::failed` and a message.
using SweepGroupWorker = std::function<void(std::size_t begin, std::span<SummaryRow> rows,
                                            const std::function<void(std::size_t row)>& over)>;

/// Takes finished members, called from the calling thread in the order in which chunks finish.
using SweepSink = std::function<void(const SweepRows& rows)>;

/// Runs every member of `plan` that is not `already_done` on a pool of threads, each thread taking the next chunk when
/// it is free.
///
/// After a cancel each thread finishes at most the member that it is at; every finished member goes to the sink. What
/// `cancel`, `progress` or `sink` throws stops the sweep in the same way and is thrown on, after what is finished went
/// to the sink (unless the sink itself threw). Finished rows wait in memory for the sink only in small number: threads
/// pause when it is slow.
SweepReport run_sweep(const SweepPlan& plan, std::size_t summary_count, const SweepWorker& worker,
                      const SweepOptions& options, const SweepSink& sink);

/// The same with a worker for a whole chunk of members, which may run them side by side.
SweepReport run_sweep_in_groups(const SweepPlan& plan, std::size_t summary_count, const SweepGroupWorker& worker,
                                const SweepOptions& options, const SweepSink& sink);

} // namespace limbflow::core
