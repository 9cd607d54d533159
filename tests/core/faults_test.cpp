// Sweeps under faults: killed at any moment, no memory, a place that is gone or not ours, a second writer, members that throw or are slow.
#include "core/result_store.hpp"
#include "core/sweep.hpp"
#include "tests/core/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace limbflow::core {
namespace {

namespace fs = std::filesystem;

class SweepFaults : public ScratchFolderTest {};

const std::vector<SummaryInfo> summaries{{"logistic", "1", "after many turns"}, {"number", "1", "of the member"}};

SweepPlan plan() { return SweepPlan({grid_axis("a", "a", "mmHg", 0, 1, 40), grid_axis("b", "b", "s", 0, 1, 50)}); }

Provenance provenance() {
  Provenance made;
  made.title = "faults";
  made.scenario = "title = \"faults\"\n";
  made.created = "2026-01-02T03:04:05Z"; // so that two files of the same sweep are the same bytes
  return made;
}

void work(std::size_t member, SummaryRow& row) {
  double x = 1.0 / static_cast<double>(member + 3);
  for (int i = 0; i < 4000; ++i)
    x = 3.9 * x * (1 - x);
  row.values[0] = x;
  row.values[1] = static_cast<double>(member);
}

SweepReport go_on(const fs::path& path, const SweepWorker& worker, std::size_t chunk = 8) {
  SweepStore store = SweepStore::create_or_resume(path, plan(), summaries, provenance());
  SweepOptions options;
  options.threads = 2;
  options.chunk = chunk;
  options.already_done = [&](std::size_t member) { return !store.is_pending(member); };
  const SweepReport report = run_sweep(plan(), summaries.size(), worker, options, [&](const SweepRows& rows) { store.write(rows); });
  store.finish();
  return report;
}

template <class Action> std::string storage_error_of(Action action) {
  try {
    action();
  } catch (const StorageError& error) {
    return error.what();
  }
  return "no StorageError";
}

/// Runs `action` in a child; its exit status, or -1 if it was killed after `microseconds`.
template <class Action> int in_a_child(Action action, int microseconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      action();
      ::_exit(0);
    } catch (const std::exception& error) {
      std::cerr << error.what() << '\n';
      ::_exit(1);
    }
  }
  if (microseconds > 0) {
    ::usleep(static_cast<useconds_t>(microseconds));
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(SweepFaults, FiftyKillsLaterTheFileIsTheUndisturbedOneToTheByte) {
  const fs::path undisturbed = directory / "undisturbed.h5", path = directory / "killed.h5";
  const auto begin = std::chrono::steady_clock::now();
  go_on(undisturbed, work);
  const std::string expected = bytes_of(undisturbed);
  const auto whole = static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count());
  std::mt19937 random(20260404);
  int kills = 0, sweeps = 0;
  for (int attempt = 0; kills < 50 && attempt < 1000; ++attempt) {
    const int status = in_a_child([&] { go_on(path, work); }, 1000 + static_cast<int>(random() % static_cast<unsigned>(whole)));
    ASSERT_NE(status, 1);
    kills += status < 0;
    if (status == 0) {
      ++sweeps;
      ASSERT_TRUE(bytes_of(path) == expected) << "after " << kills << " kills";
      fs::remove(path);
    }
  }
  EXPECT_EQ(kills, 50);
  go_on(path, work);
  ++sweeps;
  EXPECT_TRUE(bytes_of(path) == expected);
  std::cout << kills << " kills of " << sweeps << " sweeps of " << plan().size() << " members\n";
}

TEST_F(SweepFaults, WithoutMemoryAMemberFailsAndNoOtherIsLost) {
  const fs::path path = directory / "sweep.h5";
  const SweepReport report = go_on(path, [](std::size_t member, SummaryRow& row) {
    if (member % 100 == 7)
      throw std::bad_alloc();
    work(member, row);
  });
  EXPECT_EQ(report.failed, 20u);
  const SweepStore store = SweepStore::open(path);
  EXPECT_EQ(store.statuses()[107], MemberStatus::failed);
  EXPECT_EQ(store.messages()[107], "std::bad_alloc");
  EXPECT_EQ(store.statuses()[108], MemberStatus::completed);
  EXPECT_EQ(store.values("number")[108], 108.0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // which need more address space than there is
TEST_F(SweepFaults, ALimitOnMemoryIsAFailureOfTheMembersThatMeetIt) {
  const fs::path path = directory / "sweep.h5";
  const int status = in_a_child(
      [&] {
        const rlimit limit{std::size_t{1} << 30, std::size_t{1} << 30};
        ::setrlimit(RLIMIT_AS, &limit);
        go_on(path, [](std::size_t member, SummaryRow& row) {
          if (member % 500 == 3) {
            const std::vector<double> large(std::size_t{1} << 28, 1.0); // 2 GiB
            row.values[0] = large.back();
          }
          work(member, row);
        });
      },
      0);
  EXPECT_EQ(status, 0);
  const SweepStore store = SweepStore::open(path);
  EXPECT_EQ(std::count(store.statuses().begin(), store.statuses().end(), MemberStatus::failed), 4);
  EXPECT_TRUE(store.pending_members().empty());
}
#endif

TEST_F(SweepFaults, AMemberThatThrowsIsARowOfItsOwn) {
  const fs::path path = directory / "sweep.h5";
  go_on(path, [](std::size_t member, SummaryRow& row) {
    work(member, row);
    if (member == 11)
      throw std::runtime_error("member 11 has no resting state");
  });
  const SweepStore store = SweepStore::open(path);
  EXPECT_EQ(store.messages()[11], "member 11 has no resting state");
  EXPECT_TRUE(std::isnan(store.values("number")[11]));
  EXPECT_EQ(std::count(store.statuses().begin(), store.statuses().end(), MemberStatus::completed), 1999);
}

TEST_F(SweepFaults, ASlowMemberKeepsNobodyElseWaiting) {
  const fs::path path = directory / "sweep.h5";
  std::atomic<bool> slow_is_over{false};
  std::size_t before_it = 0;
  SweepStore store = SweepStore::create(path, plan(), summaries, provenance());
  SweepOptions options;
  options.threads = 2;
  options.chunk = 8;
  std::atomic<std::size_t> done{0};
  run_sweep(
      plan(), 2,
      [&](std::size_t member, SummaryRow& row) {
        work(member, row);
        if (member == 0) { // ends when nearly all others have
          for (int waits = 0; done < 1900 && waits < 20000; ++waits)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          slow_is_over = true;
        }
        ++done;
      },
      options,
      [&](const SweepRows& rows) {
        store.write(rows);
        if (!slow_is_over)
          before_it += rows.size();
      });
  EXPECT_GE(before_it, 1500u);
  EXPECT_TRUE(store.pending_members().empty());
}

TEST_F(SweepFaults, AFileThatIsTakenAwayEndsTheSweepWithTheReason) {
  for (const bool moved : {false, true}) {
    const fs::path folder = directory / "folder";
    fs::create_directories(folder);
    const fs::path path = folder / "sweep.h5";
    std::atomic<int> count{0};
    const auto worker = [&](std::size_t member, SummaryRow& row) {
      work(member, row);
      if (++count == 1000) {
        if (moved)
          fs::rename(folder, directory / "elsewhere");
        else
          fs::remove_all(folder);
      }
    };
    const std::string message = storage_error_of([&] { go_on(path, worker); });
    EXPECT_NE(message.find("sweep.h5: cannot write to the sweep: the file was removed, moved or replaced"), std::string::npos) << message;
  }
  // What was moved goes on where it is now.
  const fs::path path = directory / "elsewhere" / "sweep.h5";
  EXPECT_LT(SweepStore::open(path).pending_members().size(), 1100u);
  go_on(path, work);
  EXPECT_TRUE(read_header(path).complete);
}

TEST_F(SweepFaults, AReadOnlyFolderIsSaidBeforeAnythingIsRun) {
  fs::permissions(directory, fs::perms::owner_read | fs::perms::owner_exec);
  const auto begin_a_sweep = [&] { return storage_error_of([&] { go_on(directory / "sweep.h5", [](std::size_t, SummaryRow&) { ::_exit(9); }); }); };
  if (::geteuid() != 0) {
    EXPECT_NE(begin_a_sweep().find("Permission denied"), std::string::npos);
    return;
  }
  const int status = in_a_child( // root may write everywhere
      [&] {
        if (::setgid(65534) != 0 || ::setuid(65534) != 0 || begin_a_sweep().find("Permission denied") == std::string::npos)
          ::_exit(2);
      },
      0);
  EXPECT_EQ(status, 0);
}

TEST_F(SweepFaults, TwoProcessesCannotWriteToOneFile) {
  const fs::path path = directory / "sweep.h5";
  const SweepStore store = SweepStore::create(path, plan(), summaries, provenance());
  const int status = in_a_child(
      [&] {
        const std::string message = storage_error_of([&] { go_on(path, work); });
        if (message.find("another sweep is writing to it") == std::string::npos)
          ::_exit(2);
      },
      0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(store.pending_members().size(), plan().size());
}

} // namespace
} // namespace limbflow::core
