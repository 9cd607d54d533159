// Result files of which bytes were changed or lost: refused with a message, or nothing that is read of them is changed; no crash, no hang.
#include "core/apart.hpp"
#include "core/file_seal.hpp"
#include "core/result_store.hpp"
#include "tests/core/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hdf5.h>

namespace limbflow::core {
namespace {

namespace fs = std::filesystem;

constexpr int usual_count = 500; // of each kind of file; LIMBFLOW_DAMAGED_FILES asks for another number

int files_asked() {
  const char* text = std::getenv("LIMBFLOW_DAMAGED_FILES");
  return text == nullptr ? usual_count : std::stoi(text);
}

Provenance provenance() {
  Provenance made;
  made.title = "thirty kicks";
  made.scenario = "title = \"thirty kicks\"\n" + std::string(3000, '#') + "\n";
  made.parameters = {{"venous_compliance", 0.05, 0.02, 0.1, "mL/100mL/mmHg", "Buckey 1988", "of the calf", "normal", "0.05 mL/100mL/mmHg"},
                     {"closing_pressure", -5, -15, 5, "mmHg", "Drzewiecki 1998", "where it buckles", "", "-5 mmHg"}};
  made.created = "2026-01-02T03:04:05Z";
  return made;
}

const std::vector<SummaryInfo> summaries{{"inflow_mean", "mL/min", "mean arterial inflow"}, {"ph_minimum", "1", "lowest pH"}};

SweepPlan plan() { return SweepPlan({grid_axis("cuff_pressure", "cuff.pressure", "%AOP", 0, 100, 6), label_axis("person", "person", {"man", "woman"})}); }

SweepRows rows(std::size_t begin, std::size_t end) {
  SweepRows made{begin, summaries.size(), {}, {}, {}};
  for (std::size_t member = begin; member < end; ++member) {
    const bool fails = member % 4 == 1;
    made.values.push_back(100.0 / static_cast<double>(member + 1));
    made.values.push_back(7.0 - 0.1 * static_cast<double>(member));
    made.statuses.push_back(fails ? MemberStatus::step_too_small : MemberStatus::completed);
    made.messages.push_back(fails ? "member " + std::to_string(member) + ": the step became too small" : "");
  }
  return made;
}

class DamagedResults : public ScratchFolderTest {
protected:
  fs::path run_file() const {
    const std::vector<double> time{0, 1, 2}, flow{60, 40, 30};
    const std::vector<Variable> variables{{"time", "s", "time", {"time"}, time}, {"arterial_inflow", "mL/min", "arterial inflow", {"time"}, flow}};
    write_run(directory / "run.h5", provenance(), variables);
    return directory / "run.h5";
  }

  fs::path sweep_file(std::size_t done) const {
    const fs::path path = directory / ("sweep" + std::to_string(done) + ".h5");
    SweepStore store = SweepStore::create(path, plan(), summaries, provenance());
    store.write(rows(0, done));
    store.finish();
    return path;
  }
};

/// The reason why a file is refused, or nothing.
template <class Action> std::string refusal_of(Action action) {
  try {
    action();
  } catch (const StorageError& error) {
    EXPECT_FALSE(error.reason().empty());
    return error.what();
  }
  return "";
}

/// Everything of a sweep that can be read, less what is still to be run: it may be more after damage, never other.
struct SweepContent {
  std::string header;
  std::vector<std::string> members; // empty: pending
};

SweepContent content_of(const fs::path& path) {
  SweepContent content;
  SweepStore store = SweepStore::open(path);
  content.header = store.provenance().title + store.provenance().scenario + store.provenance().created;
  for (const Parameter& p : store.provenance().parameters)
    content.header += p.name + p.text + p.unit + p.source + p.description + p.distribution + std::to_string(p.value) + std::to_string(p.low) + std::to_string(p.high);
  for (const SummaryInfo& info : store.summaries())
    content.header += info.name + info.unit + info.long_name;
  const std::vector<std::string> messages = store.messages();
  for (std::size_t member = 0; member < store.plan().size(); ++member) {
    std::string text;
    if (!store.is_pending(member)) {
      text = std::string(to_string(store.statuses()[member])) + messages[member];
      for (const SummaryInfo& info : store.summaries())
        text += ' ' + std::to_string(store.values(info.name)[member]);
      for (const auto& [key, setting] : store.plan().settings(member))
        text += key + setting;
    }
    content.members.push_back(text);
  }
  return content;
}

/// Flips one to three bits, or cuts.
std::string damaged(std::string bytes, std::mt19937& random, bool cut) {
  if (cut)
    return bytes.substr(0, random() % bytes.size());
  for (auto flips = 1 + random() % 3; flips > 0; --flips)
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
  return bytes;
}

TEST_F(DamagedResults, AFinishedFileIsRefusedWhateverBitsChange) {
  for (const fs::path& path : {run_file(), sweep_file(12)}) {
    const std::string whole = bytes_of(path);
    EXPECT_EQ(refusal_of([&] { read_header(path); }), "");
    std::mt19937 random(20260401);
    const fs::path copy = directory / "damaged.h5";
    for (int i = 0; i < files_asked(); ++i) {
      const std::string bytes = damaged(whole, random, i % 4 == 0);
      if (bytes == whole)
        continue; // two flips of one bit
      if (bytes.size() < whole.size() && bytes.size() >= whole.size() - SealLine::size)
        continue; // cut within its seal: AProcessThatEndedBeforeTheSealLosesNothing
      write_bytes(copy, bytes);
      EXPECT_NE(refusal_of([&] { read_header(copy); }), "") << path.filename() << ", file " << i;
    }
  }
}

TEST_F(DamagedResults, AnUnfinishedSweepIsRefusedOrReadsAsItWas) {
  const fs::path path = sweep_file(8);
  const std::string whole = bytes_of(path);
  const SweepContent expected = content_of(path);
  std::mt19937 random(20260402);
  const fs::path copy = directory / "damaged.h5";
  int refused = 0;
  std::map<std::string, int> reasons;
  for (int i = 0; i < files_asked(); ++i) {
    write_bytes(copy, damaged(whole, random, i % 4 == 0));
    SweepContent found;
    const std::string refusal = refusal_of([&] { found = content_of(copy); });
    if (!refusal.empty()) {
      ++refused;
      const auto at = refusal.rfind(": reading it ");
      ++reasons[at == std::string::npos ? "a message of the reader" : refusal.substr(at + 2)];
      continue;
    }
    EXPECT_EQ(found.header, expected.header) << "file " << i;
    ASSERT_EQ(found.members.size(), expected.members.size()) << "file " << i;
    for (std::size_t member = 0; member < found.members.size(); ++member)
      EXPECT_TRUE(found.members[member].empty() || found.members[member] == expected.members[member])
          << "file " << i << ", member " << member << ": " << found.members[member] << ", not " << expected.members[member];
  }
  std::cout << refused << " of " << files_asked() << " refused:";
  for (const auto& [reason, count] : reasons)
    std::cout << ' ' << count << " (" << reason << ')';
  std::cout << '\n';
  EXPECT_GT(refused, files_asked() / 4);
}

TEST_F(DamagedResults, ABitOfAMemberIsNamed) {
  const fs::path path = sweep_file(8);
  const std::string whole = bytes_of(path);
  const double value = rows(0, 8).values[2 * 5];
  std::string sought(sizeof value, '\0');
  std::memcpy(sought.data(), &value, sizeof value);
  const std::size_t at = whole.find(sought);
  ASSERT_NE(at, std::string::npos);
  std::string bytes = whole;
  bytes[at] ^= 1;
  write_bytes(path, bytes);
  EXPECT_NE(refusal_of([&] { SweepStore::open(path); }).find("the checksum of member 5 does not fit"), std::string::npos);
}

TEST_F(DamagedResults, AProcessThatEndedBeforeTheSealLosesNothing) {
  const fs::path path = sweep_file(12);
  const std::string sealed = bytes_of(path);
  const std::string bare = sealed.substr(0, sealed.size() - SealLine::size);
  for (const std::size_t written : {std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{SealLine::size - 1}}) {
    write_bytes(path, sealed.substr(0, bare.size() + written));
    EXPECT_TRUE(read_header(path).complete) << written;
    SweepStore::open(path).finish();
    EXPECT_EQ(bytes_of(path), sealed) << written;
  }
}

TEST_F(DamagedResults, ACompleteSweepIsNotWrittenTo) {
  const fs::path path = sweep_file(12);
  SweepStore store = SweepStore::open(path);
  EXPECT_NE(refusal_of([&] { store.write(rows(0, 1)); }).find("it is complete"), std::string::npos);
}

TEST_F(DamagedResults, FilesOfFormatOneAreRead) {
  const fs::path data = fs::path(LIMBFLOW_SOURCE_DIR) / "tests/core/data";
  const ResultHeader run = read_header(data / "format1_run.h5");
  EXPECT_EQ(run.format_version, 1);
  EXPECT_EQ(run.provenance.title, "written in format 1");
  ASSERT_EQ(run.provenance.parameters.size(), 1u);
  EXPECT_EQ(run.provenance.parameters[0].value, 0.05);

  const fs::path copy = directory / "sweep.h5";
  fs::copy_file(data / "format1_sweep.h5", copy);
  SweepStore store = SweepStore::open(copy);
  EXPECT_EQ(store.pending_members(), std::vector<std::size_t>{2});
  EXPECT_EQ(store.values("inflow_mean")[1], 40.0);
  EXPECT_EQ(store.messages()[1], "step too small");
  store.write({2, 1, {30}, {MemberStatus::completed}, {""}});
  store.finish();
  EXPECT_TRUE(read_header(copy).complete);
}

TEST_F(DamagedResults, FormatOneCannotCrashTheReaderEither) {
  const std::string whole = bytes_of(fs::path(LIMBFLOW_SOURCE_DIR) / "tests/core/data/format1_sweep.h5");
  std::mt19937 random(20260403);
  const fs::path copy = directory / "damaged.h5";
  int refused = 0;
  for (int i = 0; i < files_asked() / 4; ++i) {
    write_bytes(copy, damaged(whole, random, i % 4 == 0));
    refused += !refusal_of([&] { read_header(copy); }).empty();
  }
  EXPECT_GT(refused, files_asked() / 16);
}

// ---- the parts

TEST(FileSeal, AppendsAndKnowsItsOwn) {
  const fs::path path = fs::temp_directory_path() / ("limbflow-seal-" + std::to_string(::getpid()));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{70}, std::size_t{600000}}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<char>(i * 31 >> 3);
    write_bytes(path, bytes);
    const int fd = ::open(path.c_str(), O_RDWR);
    EXPECT_EQ(check_seal(fd), Seal::absent);
    append_seal(fd);
    EXPECT_EQ(check_seal(fd), Seal::intact);
    ::close(fd);
    const std::string sealed = bytes_of(path);
    EXPECT_EQ(sealed, bytes + std::string(SealLine(bytes.data(), bytes.size()).data(), SealLine::size));
    if (size > 0) {
      std::string flipped = sealed;
      flipped[size / 2] ^= 4;
      write_bytes(path, flipped);
      const int other = ::open(path.c_str(), O_RDONLY);
      EXPECT_EQ(check_seal(other), Seal::broken);
      ::close(other);
    }
  }
  // The check value of CRC-64/XZ.
  EXPECT_EQ(std::string(SealLine("123456789", 9).data(), SealLine::size), "limbflow seal 1 crc64 995dc9bbdf1939fa of 00000000000000000009 B\n");
  fs::remove(path);
}

std::string problem_apart(const std::function<std::string()>& work, std::chrono::seconds patience = std::chrono::seconds(10)) {
  try {
    return "fine: " + apart(work, patience);
  } catch (const std::exception& error) {
    return error.what();
  }
}

TEST(Apart, ReturnsWhatTheChildSaysAndSurvivesWhatItDoes) {
  EXPECT_EQ(problem_apart([] { return std::string("done"); }), "fine: done");
  EXPECT_EQ(problem_apart([] { return std::string(); }), "fine: ");
  EXPECT_EQ(problem_apart([]() -> std::string { throw std::runtime_error("no such thing"); }), "no such thing");
  EXPECT_EQ(problem_apart([]() -> std::string { throw 1; }), "an error of unknown kind");
  EXPECT_EQ(problem_apart([]() -> std::string { ::_exit(3); }), "ended without a word");
  EXPECT_EQ(problem_apart([]() -> std::string { std::raise(SIGKILL); return ""; }), "ended from outside (Killed)");
  EXPECT_EQ(problem_apart([] { return std::string(1 << 20, 'x'); }).size(), 6u + (1u << 16) - 1u);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(problem_apart([]() -> std::string { for (std::atomic<int> spins{0};;) ++spins; }, std::chrono::seconds(1)),
            "did not end within 1 s");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  int changed = 0;
  problem_apart([&] { changed = 1; return std::string(); });
  EXPECT_EQ(changed, 0);
}

// A child that is forked for something else while bytes are looked at has the pipe's ends too, and no exec closes them.
TEST(Apart, DoesNotWaitForOtherChildrenOfTheProcess) {
  for (const bool crash : {false, true}) {
    std::string said;
    const auto begin = std::chrono::steady_clock::now();
    std::thread looks([&] {
      said = problem_apart([&]() -> std::string {
        ::usleep(300'000);
        if (crash)
          std::raise(SIGSEGV);
        return "done";
      });
    });
    ::usleep(100'000);
    const pid_t other = ::fork();
    if (other == 0) {
      ::sleep(20);
      ::_exit(0);
    }
    looks.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_EQ(said, crash ? "crashed (Segmentation fault)" : "fine: done");
    ::kill(other, SIGKILL);
    ::waitpid(other, nullptr, 0);
  }
}

} // namespace
} // namespace limbflow::core
