#include "core/sweep.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "core/diagnostics.hpp"

namespace limbflow::core {
namespace {

SweepPlan grid_plan() {
  return SweepPlan({grid_axis("cuff_pressure", "cuff.pressure", "%AOP", 0, 100, 11),
                    list_axis("load", "exercise.load", "%1RM", {10, 20, 30.5}),
                    label_axis("person", "person", {"adult_man", "adult_woman"})});
}

// All that a sweep hands on, put together by member.
struct Collected {
  std::vector<double> values;
  std::vector<MemberStatus> statuses;
  std::vector<std::string> messages;
  std::size_t calls = 0;

  Collected(std::size_t members, std::size_t summaries)
      : values(members * summaries, -1), statuses(members, MemberStatus::pending), messages(members) {}

  SweepSink sink() {
    return [this](const SweepRows& rows) {
      ++calls;
      std::copy(rows.values.begin(), rows.values.end(),
                values.begin() + static_cast<std::ptrdiff_t>(rows.begin * rows.summary_count));
      std::copy(rows.statuses.begin(), rows.statuses.end(), statuses.begin() + static_cast<std::ptrdiff_t>(rows.begin));
      std::copy(rows.messages.begin(), rows.messages.end(), messages.begin() + static_cast<std::ptrdiff_t>(rows.begin));
    };
  }

  std::size_t finished() const {
    return static_cast<std::size_t>(std::count_if(statuses.begin(), statuses.end(),
                                                  [](MemberStatus status) { return status != MemberStatus::pending; }));
  }
};

std::string message_of_bad_plan(std::vector<Axis> axes) {
  try {
    SweepPlan plan(std::move(axes));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

// ---- axes
// ---------------------------------------------------------------------------------------------------------------

TEST(SweepAxes, GridHitsBothEndsAndIsEvenlySpaced) {
  const Axis axis = grid_axis("p", "p", "mmHg", 0.1, 0.7, 7);
  const std::vector<double>& values = axis.coordinates.front().values;
  ASSERT_EQ(values.size(), 7u);
  EXPECT_EQ(values.front(), 0.1);
  EXPECT_EQ(values.back(), 0.7);
  for (std::size_t i = 1; i < values.size(); ++i) {
    EXPECT_NEAR(values[i] - values[i - 1], 0.1, 1e-15);
  }
  EXPECT_EQ(grid_axis("p", "p", "", 0, 100, 11).coordinates.front().values[3], 30.0);
  EXPECT_EQ(grid_axis("p", "p", "", 5, 5, 1).size(), 1u);
  EXPECT_THROW(grid_axis("p", "p", "", 0, 1, 0), InputError);
  EXPECT_THROW(grid_axis("p", "p", "", 0, 1, 1), InputError);
}

TEST(SweepAxes, PointsAreWrittenSoThatTheyReadBackToTheSameBits) {
  const Axis axis = list_axis("p", "p", "%AOP", {20, 1.0 / 3.0, 1e-300, -0.1});
  const Coordinate& coordinate = axis.coordinates.front();
  EXPECT_EQ(coordinate.text(0), "20 %AOP");
  for (std::size_t i = 0; i < coordinate.size(); ++i) {
    EXPECT_EQ(std::stod(coordinate.text(i)), coordinate.values[i]);
  }
  EXPECT_EQ(list_axis("n", "n", "", {3}).coordinates.front().text(0), "3");
  EXPECT_EQ(label_axis("person", "person", {"adult_man"}).coordinates.front().text(0), "adult_man");
}

// ---- samples
// ------------------------------------------------------------------------------------------------------------

class Samples : public testing::TestWithParam<Sampling> {
protected:
  static std::vector<double> sample(std::uint64_t seed, std::size_t count, std::size_t dimensions) {
    UnitSampler sampler(GetParam(), seed, count, dimensions);
    std::vector<double> values(count * dimensions);
    for (std::size_t i = 0; i < count; ++i) {
      sampler.sample(i, std::span(values).subspan(i * dimensions, dimensions));
    }
    return values;
  }
};

TEST_P(Samples, PointDependsOnSeedAndIndexAloneNotOnTheOrderOfAsking) {
  const std::size_t count = 257, dimensions = 5;
  const std::vector<double> forwards = sample(7, count, dimensions);
  UnitSampler sampler(GetParam(), 7, count, dimensions);
  std::vector<double> point(dimensions);
  for (std::size_t i = count; i-- > 0;) {
    sampler.sample(i, point);
    EXPECT_TRUE(std::equal(point.begin(), point.end(), forwards.begin() + static_cast<std::ptrdiff_t>(i * dimensions)));
  }
  EXPECT_NE(sample(8, count, dimensions), forwards);
}

TEST_P(Samples, FillTheOpenUnitCube) {
  const std::size_t count = 4096, dimensions = 3;
  const std::vector<double> values = sample(1, count, dimensions);
  for (std::size_t d = 0; d < dimensions; ++d) {
    double sum = 0, squares = 0, with_next = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double u = values[i * dimensions + d];
      ASSERT_GT(u, 0.0);
      ASSERT_LT(u, 1.0);
      sum += u - 0.5;
      squares += (u - 0.5) * (u - 0.5);
      with_next += (u - 0.5) * (values[i * dimensions + (d + 1) % dimensions] - 0.5);
    }
    // Four standard errors of independent draws; the other two samplings are far more even.
    EXPECT_NEAR(sum / count, 0, 4 * std::sqrt(1 / 12.0 / count));
    EXPECT_NEAR(squares / count, 1 / 12.0, 4 * std::sqrt(1 / 180.0 / count));
    EXPECT_NEAR(with_next / count, 0, 4 / 12.0 / std::sqrt(static_cast<double>(count)));
  }
}

TEST_P(Samples, StayInTheirRangesAndAreZippedAlongOneDimension) {
  const Axis axis = sampled_axis(
      GetParam(), {{"cuff_pressure", "cuff.pressure", "mmHg", 40, 60}, {"rest", "exercise.rest", "s", 30, 30}}, 100, 3);
  EXPECT_EQ(axis.name, "member");
  ASSERT_EQ(axis.coordinates.size(), 2u);
  for (const double value : axis.coordinates[0].values) {
    EXPECT_GT(value, 40);
    EXPECT_LT(value, 60);
  }
  EXPECT_EQ(axis.coordinates[1].values, std::vector<double>(100, 30.0));
  EXPECT_EQ(SweepPlan({axis}).size(), 100u);
}

std::string name_of_sampling(const testing::TestParamInfo<Sampling>& sampling) {
  static const std::vector<std::string> names{"uniform", "latin_hypercube", "sobol"};
  return names.at(static_cast<std::size_t>(sampling.param));
}

INSTANTIATE_TEST_SUITE_P(All, Samples, testing::Values(Sampling::uniform, Sampling::latin_hypercube, Sampling::sobol),
                         name_of_sampling);

TEST(SweepSamples, LatinHypercubeHasOnePointInEachSlice) {
  for (const std::size_t count : {1u, 2u, 3u, 10u, 1000u, 1025u}) {
    UnitSampler sampler(Sampling::latin_hypercube, 11, count, 3);
    std::vector<std::set<std::size_t>> slices(3);
    std::vector<double> point(3);
    for (std::size_t i = 0; i < count; ++i) {
      sampler.sample(i, point);
      for (std::size_t d = 0; d < 3; ++d) {
        slices[d].insert(static_cast<std::size_t>(point[d] * static_cast<double>(count)));
      }
    }
    for (std::size_t d = 0; d < 3; ++d) {
      EXPECT_EQ(slices[d].size(), count);
    }
  }
}

TEST(SweepSamples, SobolPointsAreANet) {
  // The first 64 points of two dimensions have one in each 8 x 8 box, whatever the shift.
  UnitSampler sampler(Sampling::sobol, 5, 64, 2);
  std::set<std::pair<int, int>> boxes;
  std::vector<double> point(2);
  for (std::size_t i = 0; i < 64; ++i) {
    sampler.sample(i, point);
    boxes.emplace(static_cast<int>(point[0] * 8), static_cast<int>(point[1] * 8));
  }
  EXPECT_EQ(boxes.size(), 64u);
}

TEST(SweepSamples, LongerUniformAndSobolSamplesBeginWithTheShorterOnes) {
  for (const Sampling sampling : {Sampling::uniform, Sampling::sobol}) {
    const auto shorter = sampled_axis(sampling, {{"a", "a", "", 0, 1}}, 10, 2).coordinates.front().values;
    auto longer = sampled_axis(sampling, {{"a", "a", "", 0, 1}}, 1000, 2).coordinates.front().values;
    longer.resize(10);
    EXPECT_EQ(longer, shorter);
  }
}

TEST(SweepSamples, RefuseWhatCannotBeDrawn) {
  EXPECT_THROW(sampled_axis(Sampling::uniform, {}, 10, 0), InputError);
  EXPECT_THROW(sampled_axis(Sampling::uniform, {{"a", "a", "", 0, 1}}, 0, 0), InputError);
  EXPECT_THROW(sampled_axis(Sampling::uniform, {{"a", "a", "", 1, 0}}, 10, 0), InputError);
  EXPECT_THROW(sampled_axis(Sampling::uniform, {{"a", "a", "", 0, INFINITY}}, 10, 0), InputError);
}

// ---- plan
// ---------------------------------------------------------------------------------------------------------------

TEST(SweepPlanTest, MembersAreRowMajor) {
  const SweepPlan plan = grid_plan();
  EXPECT_EQ(plan.size(), 66u);
  EXPECT_EQ(plan.shape(), (std::vector<std::size_t>{11, 3, 2}));
  std::size_t member = 0;
  for (std::size_t i = 0; i < 11; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 2; ++k, ++member) {
        const std::vector<std::size_t> points{i, j, k};
        EXPECT_EQ(plan.points(member), points);
        EXPECT_EQ(plan.member(points), member);
      }
    }
  }
  const std::vector<std::pair<std::string, std::string>> settings{
      {"cuff.pressure", "30 %AOP"}, {"exercise.load", "30.5 %1RM"}, {"person", "adult_woman"}};
  EXPECT_EQ(plan.settings((3 * 3 + 2) * 2 + 1), settings);
}

TEST(SweepPlanTest, ZippedCoordinatesMoveTogether) {
  const Axis zipped{"member",
                    {list_axis("a", "k.a", "s", {1, 2, 3}).coordinates.front(),
                     list_axis("b", "k.b", "", {4, 5, 6}).coordinates.front()}};
  const SweepPlan plan({zipped, list_axis("c", "k.c", "mmHg", {7, 8})});
  EXPECT_EQ(plan.size(), 6u);
  const std::vector<std::pair<std::string, std::string>> settings{{"k.a", "2 s"}, {"k.b", "5"}, {"k.c", "8 mmHg"}};
  EXPECT_EQ(plan.settings(3), settings);
}

TEST(SweepPlanTest, EveryProblemIsReportedAtOnce) {
  const std::string message = message_of_bad_plan({list_axis("a", "same", "", {1, NAN}),
                                                   list_axis("b", "same", "", {1}), list_axis("empty", "e", "", {}),
                                                   Axis{"member",
                                                        {list_axis("long", "l", "", {1, 2}).coordinates.front(),
                                                         list_axis("short", "s", "", {1}).coordinates.front()}}});
  EXPECT_NE(message.find("not a finite number"), std::string::npos) << message;
  EXPECT_NE(message.find("two axes set it"), std::string::npos) << message;
  EXPECT_NE(message.find("no points"), std::string::npos) << message;
  EXPECT_NE(message.find("move together"), std::string::npos) << message;
  EXPECT_NE(message_of_bad_plan({}).find("at least one axis"), std::string::npos);
  EXPECT_NE(message_of_bad_plan({list_axis("a", "", "", {1})}).find("a name and a key"), std::string::npos);
  EXPECT_NE(message_of_bad_plan({Axis{"a", list_axis("", "k", "", {1}).coordinates}}).find("a name and a key"),
            std::string::npos);
  EXPECT_NE(message_of_bad_plan({list_axis("a", "k", "", {1}), list_axis("a", "l", "", {1})}).find("given twice"),
            std::string::npos);
}

TEST(SweepPlanTest, RefusesMoreMembersThanCanBeCounted) {
  std::vector<Axis> axes;
  for (int i = 0; i < 7; ++i) {
    const std::string name = std::to_string(i);
    axes.push_back(list_axis(name, name, "", std::vector<double>(1000, 0.0)));
  }
  EXPECT_NE(message_of_bad_plan(axes).find("more members than can be counted"), std::string::npos);
}

TEST(MemberStatusTest, MirrorsTheOutcomes) {
  for (const Outcome outcome : {Outcome::completed, Outcome::event, Outcome::cancelled, Outcome::non_finite,
                                Outcome::step_too_small, Outcome::step_limit, Outcome::bound_violated}) {
    EXPECT_EQ(to_string(status_of(outcome)), to_string(outcome));
    EXPECT_EQ(is_success(status_of(outcome)), !is_failure(outcome) && outcome != Outcome::cancelled);
  }
  EXPECT_EQ(to_string(MemberStatus::pending), "pending");
  EXPECT_EQ(to_string(MemberStatus::failed), "failed");
  EXPECT_FALSE(is_success(MemberStatus::failed));
}

// ---- running
// ------------------------------------------------------------------------------------------------------------

// Values that depend on the last bit of the member's points, and members of very different length.
void uneven_worker(std::size_t member, SummaryRow& row) {
  double x = 1.0 / static_cast<double>(member + 3);
  for (std::size_t i = 0; i < (member % 7) * 2000; ++i) {
    x = 3.9 * x * (1 - x);
  }
  row.values[0] = x;
  row.values[1] = static_cast<double>(member);
  if (member % 10 == 4) {
    row.status = MemberStatus::step_limit;
    row.message = "member " + std::to_string(member) + " took too long";
  }
  if (member % 10 == 7) {
    throw std::runtime_error("member " + std::to_string(member) + " threw");
  }
}

TEST(RunSweep, ResultsLandAtTheirIndexWhateverTheThreadsAndChunks) {
  const SweepPlan plan = grid_plan();
  Collected reference(plan.size(), 2);
  SweepOptions one;
  one.threads = 1;
  one.chunk = 1;
  run_sweep(plan, 2, uneven_worker, one, reference.sink());
  for (unsigned threads = 1; threads <= 8; ++threads) {
    for (const std::size_t chunk : {0u, 1u, 7u, 1000u}) {
      Collected collected(plan.size(), 2);
      SweepOptions options;
      options.threads = threads;
      options.chunk = chunk;
      const SweepReport report = run_sweep(plan, 2, uneven_worker, options, collected.sink());
      EXPECT_EQ(report.finished, plan.size());
      EXPECT_EQ(report.left, 0u);
      EXPECT_EQ(report.failed, 7u + 6u);
      EXPECT_EQ(std::memcmp(collected.values.data(), reference.values.data(), reference.values.size() * sizeof(double)),
                0);
      EXPECT_EQ(collected.statuses, reference.statuses);
      EXPECT_EQ(collected.messages, reference.messages);
    }
  }
}

TEST(RunSweep, AFailedMemberIsARowAndLosesNobodyElse) {
  const SweepPlan plan = grid_plan();
  Collected collected(plan.size(), 2);
  run_sweep(plan, 2, uneven_worker, {}, collected.sink());
  for (std::size_t member = 0; member < plan.size(); ++member) {
    const double* values = &collected.values[member * 2];
    switch (member % 10) {
    case 4: // an outcome keeps what was computed up to there
      EXPECT_EQ(collected.statuses[member], MemberStatus::step_limit);
      EXPECT_EQ(collected.messages[member], "member " + std::to_string(member) + " took too long");
      EXPECT_EQ(values[1], static_cast<double>(member));
      break;
    case 7: // an exception keeps nothing
      EXPECT_EQ(collected.statuses[member], MemberStatus::failed);
      EXPECT_EQ(collected.messages[member], "member " + std::to_string(member) + " threw");
      EXPECT_TRUE(std::isnan(values[0]) && std::isnan(values[1]));
      break;
    default:
      EXPECT_EQ(collected.statuses[member], MemberStatus::completed);
      EXPECT_EQ(values[1], static_cast<double>(member));
    }
  }
}

TEST(RunSweep, ThrowingSomethingThatIsNoExceptionIsAFailureToo) {
  const SweepPlan plan({list_axis("a", "a", "", {1})});
  Collected collected(1, 1);
  run_sweep(
      plan, 1, [](std::size_t, SummaryRow&) { throw 42; }, {}, collected.sink());
  EXPECT_EQ(collected.statuses[0], MemberStatus::failed);
  EXPECT_FALSE(collected.messages[0].empty());
}

TEST(RunSweep, RunsOnlyWhatIsNotDone) {
  const SweepPlan plan = grid_plan();
  for (const std::size_t chunk : {0u, 1u, 8u, 100u}) {
    std::vector<std::atomic<int>> runs(plan.size());
    Collected collected(plan.size(), 1);
    SweepOptions options;
    options.threads = 3;
    options.chunk = chunk;
    options.already_done = [](std::size_t member) { return member % 3 == 0 || member > 50; };
    std::size_t last_finished = 0;
    options.progress = [&](const SweepProgress& progress) { last_finished = progress.finished; };
    const SweepReport report = run_sweep(
        plan, 1, [&](std::size_t member, SummaryRow&) { ++runs[member]; }, options, collected.sink());
    for (std::size_t member = 0; member < plan.size(); ++member) {
      EXPECT_EQ(runs[member], options.already_done(member) ? 0 : 1);
      EXPECT_EQ(collected.statuses[member] != MemberStatus::pending, !options.already_done(member));
    }
    EXPECT_EQ(report.finished, collected.finished());
    EXPECT_EQ(last_finished, plan.size());
  }
}

TEST(RunSweep, CancelEndsAfterOneMemberAThreadAndKeepsWhatIsFinished) {
  const SweepPlan plan({list_axis("a", "a", "", std::vector<double>(1000, 0.0))});
  Collected collected(plan.size(), 1);
  std::atomic<std::size_t> begun = 0;
  SweepOptions options;
  options.threads = 4;
  options.chunk = 100;
  options.cancel = [&] { return begun >= 10; };
  const auto slow = [&](std::size_t member, SummaryRow& row) {
    ++begun;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    row.values[0] = static_cast<double>(member);
  };
  const auto begin = std::chrono::steady_clock::now();
  const SweepReport report = run_sweep(plan, 1, slow, options, collected.sink());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_GE(report.finished, 10u);
  EXPECT_EQ(report.finished, begun) << "a member that was begun is finished and kept";
  EXPECT_EQ(report.finished, collected.finished());
  EXPECT_EQ(report.left, plan.size() - report.finished);
  for (std::size_t member = 0; member < plan.size(); ++member) {
    if (collected.statuses[member] == MemberStatus::completed) {
      EXPECT_EQ(collected.values[member], static_cast<double>(member));
    }
  }
}

TEST(RunSweep, AMemberThatStopsEarlyOnRequestIsLeftForLater) {
  const SweepPlan plan({list_axis("a", "a", "", {0, 1, 2, 3})});
  Collected collected(plan.size(), 1);
  std::atomic<bool> last_begun = false;
  SweepOptions options;
  options.threads = 1;
  options.cancel = [&] { return last_begun.load(); };
  const auto worker = [&](std::size_t member, SummaryRow& row) {
    if (member == 2) {
      last_begun = true;
      while (!row.stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      row.status = MemberStatus::cancelled;
    }
  };
  const SweepReport report = run_sweep(plan, 1, worker, options, collected.sink());
  EXPECT_EQ(report.finished, 2u);
  EXPECT_EQ(report.left, 2u);
  EXPECT_EQ(collected.statuses[2], MemberStatus::pending);
}

TEST(RunSweep, AMemberThatStopsEarlyUnaskedHasFailedAndLosesNobodyElse) {
  const SweepPlan plan({list_axis("a", "a", "", {0, 1, 2, 3})});
  Collected collected(plan.size(), 1);
  SweepOptions options;
  options.chunk = 4;
  const auto worker = [&](std::size_t member, SummaryRow& row) {
    row.values[0] = 1.0;
    if (member == 1) {
      row.status = MemberStatus::cancelled;
      row.message = "at t = 3 s";
    }
  };
  const SweepReport report = run_sweep(plan, 1, worker, options, collected.sink());
  EXPECT_EQ(report.left, 0u);
  EXPECT_EQ(report.failed, 1u);
  EXPECT_EQ(collected.statuses[1], MemberStatus::failed);
  EXPECT_TRUE(std::isnan(collected.values[1]));
  EXPECT_NE(collected.messages[1].find("at t = 3 s"), std::string::npos);
  EXPECT_EQ(collected.statuses[3], MemberStatus::completed);
}

TEST(RunSweep, ProgressIsSteadySparseAndFromTheCallingThread) {
  const SweepPlan plan({list_axis("a", "a", "", std::vector<double>(300, 0.0))});
  Collected collected(plan.size(), 1);
  std::vector<SweepProgress> shown;
  SweepOptions options;
  options.threads = 2;
  options.chunk = 1;
  options.progress = [&, caller = std::this_thread::get_id()](const SweepProgress& progress) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    shown.push_back(progress);
  };
  run_sweep(
      plan, 1, [](std::size_t, SummaryRow&) { std::this_thread::sleep_for(std::chrono::milliseconds(4)); }, options,
      collected.sink());
  ASSERT_GE(shown.size(), 3u);
  for (std::size_t i = 1; i < shown.size(); ++i) {
    EXPECT_GE(shown[i].finished, shown[i - 1].finished);
    if (i + 1 < shown.size()) {
      EXPECT_GE(shown[i].elapsed_s - shown[i - 1].elapsed_s, 0.09);
    }
  }
  EXPECT_EQ(shown.back().finished, plan.size());
  EXPECT_EQ(shown.back().total, plan.size());
}

TEST(RunSweep, WhatTheSinkThrowsEndsTheSweepAndIsThrownOn) {
  const SweepPlan plan({list_axis("a", "a", "", std::vector<double>(100000, 0.0))});
  std::atomic<std::size_t> runs = 0;
  std::size_t calls = 0;
  SweepOptions options;
  options.threads = 4;
  options.chunk = 1;
  const auto full_disk = [&](const SweepRows&) {
    ++calls;
    throw std::runtime_error("disk full");
  };
  EXPECT_THROW(run_sweep(
                   plan, 1, [&](std::size_t, SummaryRow&) { ++runs; }, options, full_disk),
               std::runtime_error);
  EXPECT_EQ(calls, 1u);
  EXPECT_LT(runs, plan.size()) << "threads wait for a sink that is behind";
}

TEST(RunSweep, WhatACallbackThrowsEndsTheSweepWithFinishedRowsKept) {
  const SweepPlan plan({list_axis("a", "a", "", std::vector<double>(1000, 0.0))});
  Collected collected(plan.size(), 1);
  std::atomic<std::size_t> begun = 0;
  SweepOptions options;
  options.threads = 2;
  options.cancel = [&]() -> bool {
    if (begun > 5) {
      throw std::domain_error("interrupted");
    }
    return false;
  };
  const auto slow = [&](std::size_t, SummaryRow&) {
    ++begun;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  EXPECT_THROW(run_sweep(plan, 1, slow, options, collected.sink()), std::domain_error);
  EXPECT_EQ(collected.finished(), begun);
  EXPECT_LT(begun, plan.size());
}

TEST(RunSweep, NothingLeftToDoIsFine) {
  Collected collected(66, 1);
  SweepOptions options;
  options.already_done = [](std::size_t) { return true; };
  const SweepReport report = run_sweep(
      grid_plan(), 1, [](std::size_t, SummaryRow&) { FAIL(); }, options, collected.sink());
  EXPECT_EQ(report.finished + report.left + collected.calls, 0u);
}

} // namespace
} // namespace limbflow::core
