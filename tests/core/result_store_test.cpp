#include "core/result_store.hpp"
#include "tests/core/scratch_folder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <numeric>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hdf5.h>
#include <hdf5_hl.h>

#include <gtest/gtest.h>

#include "core/version.hpp"

namespace limbflow::core {
namespace {

namespace fs = std::filesystem;

class ResultStore : public ScratchFolderTest {
protected:
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

template <class Action> std::string storage_error_of(Action action) {
  try {
    action();
  } catch (const StorageError& error) {
    return error.what();
  }
  return "no StorageError";
}

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

Provenance example_provenance() {
  Provenance provenance;
  provenance.title = "30-15-15-15 mit Öl";
  provenance.scenario = "title = \"x\"\n" + std::string(100000, '#') + "\n";
  provenance.parameters = {
      {"venous_compliance", 0.05, 0.02, 0.1, "mL/100mL/mmHg", "Buckey 1988", "of the calf", "normal",
       "0.05 mL/100mL/mmHg"},
      {"closing_pressure", -5, -15, 5, "mmHg", "Drzewiecki 1998", "where it buckles", "", "-5 mmHg"}};
  provenance.created = "2024-01-02T03:04:05Z";
  return provenance;
}

struct ExampleRun {
  std::vector<double> time{0, 0.5, 1, 1.5};
  std::vector<double> flow{60, 40, 30, 25};
  std::vector<std::int64_t> set{0, 1, 1, 2};
  std::vector<std::string> scopes{"set 1", "session"};
  std::vector<double> peaks{60, 61};
  std::vector<double> aop{146.5};

  std::vector<Variable> variables() const {
    return {{"arterial_inflow", "mL/min", "arterial inflow", {"time"}, flow},
            {"time", "s", "time", {"time"}, time},
            {"set", "", "set", {"time"}, set},
            {"scope", "", "part of the session", {"scope"}, scopes},
            {"arterial_inflow_max", "mL/min", "greatest arterial inflow", {"scope"}, peaks},
            {"aop", "mmHg", "arterial occlusion pressure", {}, aop}};
  }
};

SweepPlan example_plan() {
  return SweepPlan({grid_axis("cuff_pressure", "cuff.pressure", "%AOP", 0, 100, 5),
                    label_axis("person", "person", {"adult_man", "ältere Frau"}),
                    Axis{"draw",
                         {list_axis("load", "exercise.load", "%1RM", {10, 20, 30}).coordinates.front(),
                          list_axis("rest", "exercise.rest", "s", {30, 45, 60}).coordinates.front()}}});
}

const std::vector<SummaryInfo> example_summaries{{"inflow_mean", "mL/min", "mean arterial inflow"},
                                                 {"volume_max", "mL", "greatest venous volume"}};

SweepRows example_rows(std::size_t begin, std::size_t end) {
  SweepRows rows{begin, 2, {}, {}, {}};
  for (std::size_t member = begin; member < end; ++member) {
    rows.values.push_back(1.0 / static_cast<double>(member + 1));
    rows.values.push_back(static_cast<double>(member));
    const bool fails = member % 7 == 3;
    rows.statuses.push_back(fails ? MemberStatus::step_too_small : MemberStatus::completed);
    rows.messages.push_back(
        fails ? "member " + std::to_string(member) + ": step too small ×" + std::string(member * 50, '.') : "");
  }
  return rows;
}

SweepStore create_example(const fs::path& path) {
  return SweepStore::create(path, example_plan(), example_summaries, example_provenance());
}

// ---- run files
// ----------------------------------------------------------------------------------------------------------

TEST_F(ResultStore, RunFileHasValuesUnitsDimensionsAndProvenance) {
  const fs::path path = directory / "run.h5";
  write_run(path, example_provenance(), ExampleRun().variables());

  const ResultHeader header = read_header(path);
  EXPECT_EQ(header.kind, "run");
  EXPECT_EQ(header.format_version, result_format_version);
  EXPECT_EQ(header.limbflow_version, version());
  EXPECT_EQ(header.revision, revision());
  EXPECT_TRUE(header.complete);
  EXPECT_EQ(header.provenance.title, "30-15-15-15 mit Öl");
  EXPECT_EQ(header.provenance.scenario, example_provenance().scenario);
  EXPECT_EQ(header.provenance.created, "2024-01-02T03:04:05Z");
  ASSERT_EQ(header.provenance.parameters.size(), 2u);
  const Parameter& parameter = header.provenance.parameters[1];
  EXPECT_EQ(parameter.name, "closing_pressure");
  EXPECT_EQ(parameter.value, -5);
  EXPECT_EQ(parameter.low, -15);
  EXPECT_EQ(parameter.high, 5);
  EXPECT_EQ(parameter.unit, "mmHg");
  EXPECT_EQ(parameter.source, "Drzewiecki 1998");
  EXPECT_EQ(parameter.description, "where it buckles");
  EXPECT_EQ(parameter.text, "-5 mmHg");

  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  const hid_t flow = H5Dopen2(file, "arterial_inflow", H5P_DEFAULT);
  std::vector<double> values(4);
  H5Dread(flow, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  EXPECT_EQ(values, ExampleRun().flow);
  const hid_t time = H5Dopen2(file, "time", H5P_DEFAULT);
  EXPECT_GT(H5DSis_attached(flow, time, 0), 0);
  EXPECT_GT(H5Aexists(flow, "units"), 0);
  EXPECT_GT(H5Aexists(flow, "long_name"), 0);
  H5Dclose(time);
  H5Dclose(flow);
  H5Fclose(file);
  EXPECT_EQ(files(), std::vector<std::string>{"run.h5"});
}

TEST_F(ResultStore, TheSameRunIsTheSameBytes) {
  write_run(directory / "a.h5", example_provenance(), ExampleRun().variables());
  write_run(directory / "b.h5", example_provenance(), ExampleRun().variables());
  EXPECT_EQ(bytes_of(directory / "a.h5"), bytes_of(directory / "b.h5"));
}

TEST_F(ResultStore, EmptyRunAndEmptyTextsAreWritten) {
  const std::vector<double> none;
  const std::vector<Variable> variables{{"time", "s", "", {"time"}, none}, {"flow", "mL/min", "", {"time"}, none}};
  write_run(directory / "run.h5", {}, variables);
  const ResultHeader header = read_header(directory / "run.h5");
  EXPECT_TRUE(header.provenance.parameters.empty());
  EXPECT_EQ(header.provenance.scenario, "");
  EXPECT_EQ(header.provenance.created.size(), 20u);
}

TEST_F(ResultStore, RunReplacesTheFileAndFollowsALink) {
  write_bytes(directory / "target.h5", "old");
  fs::create_symlink("target.h5", directory / "link.h5");
  write_run(directory / "link.h5", example_provenance(), ExampleRun().variables());
  EXPECT_TRUE(fs::is_symlink(directory / "link.h5"));
  EXPECT_EQ(read_header(directory / "target.h5").kind, "run");
  EXPECT_EQ(files(), (std::vector<std::string>{"link.h5", "target.h5"}));
}

TEST_F(ResultStore, VariablesThatDoNotFitAreRefused) {
  const std::vector<double> three{1, 2, 3}, two{1, 2};
  const auto write = [&](std::vector<Variable> variables) { write_run(directory / "run.h5", {}, variables); };
  EXPECT_THROW(write({{"flow", "", "", {"time"}, three}}), std::invalid_argument);
  EXPECT_THROW(write({{"time", "", "", {"time"}, three}, {"flow", "", "", {"time"}, two}}), std::invalid_argument);
  EXPECT_THROW(write({{"time", "", "", {"time"}, three}, {"time", "", "", {"time"}, three}}), std::invalid_argument);
  EXPECT_THROW(write({{"parameters", "", "", {"parameters"}, three}}), std::invalid_argument);
  EXPECT_THROW(write({{"a/b", "", "", {"a/b"}, three}}), std::invalid_argument);
  EXPECT_TRUE(files().empty());
}

TEST_F(ResultStore, RunThatCannotBeWrittenSaysWhyAndLeavesNothing) {
  const ExampleRun run;
  const auto write_to = [&](const fs::path& path) {
    return storage_error_of([&] { write_run(path, example_provenance(), run.variables()); });
  };
  std::string message = write_to(directory / "absent" / "run.h5");
  EXPECT_CONTAINS(message, "absent/run.h5: cannot write the run: No such file or directory");
  message = write_to(directory);
  EXPECT_CONTAINS(message, "it is a directory");
  write_bytes(directory / "plain", "");
  message = write_to(directory / "plain" / "run.h5");
  EXPECT_CONTAINS(message, "Not a directory");
  message = write_to("/dev/full");
  EXPECT_CONTAINS(message, "No space left on device");
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  message = write_to("/proc/run.h5");
  EXPECT_CONTAINS(message, "/proc/run.h5: cannot write the run: ");
  EXPECT_EQ(files(), std::vector<std::string>{"plain"});
}

// Runs `action` in a child process after `prepare`; true if it returned true.
template <class Prepare, class Action> bool holds_in_child(Prepare prepare, Action action) {
  const pid_t child = ::fork();
  if (child == 0) {
    prepare();
    bool holds = false;
    try {
      holds = action();
    } catch (const std::exception& error) {
      std::cerr << error.what() << '\n';
    }
    ::_exit(holds ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(ResultStore, ReadOnlyDirectoryIsAStorageError) {
  fs::permissions(directory,
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  const auto give_up_root = [] {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) {
      ::_exit(1);
    }
  };
  EXPECT_TRUE(holds_in_child(give_up_root, [&] {
    const std::string run = storage_error_of([&] { write_run(directory / "run.h5", {}, ExampleRun().variables()); });
    const std::string sweep = storage_error_of([&] { create_example(directory / "sweep.h5"); });
    return run.find("run.h5: cannot write the run: Permission denied") != std::string::npos &&
           sweep.find("sweep.h5: cannot create the sweep: Permission denied") != std::string::npos;
  }));
  fs::permissions(directory, fs::perms::owner_all);
  EXPECT_TRUE(files().empty());
}

// The same with files that may not grow beyond `bytes`, as on a full disk.
template <class Action> bool holds_with_files_limited_to(std::size_t bytes, Action action) {
  return holds_in_child(
      [&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, bytes};
        ::setrlimit(RLIMIT_FSIZE, &limit);
      },
      action);
}

TEST_F(ResultStore, FullDiskKeepsTheOldRunAndNoPart) {
  const fs::path path = directory / "run.h5";
  write_bytes(path, "old result");
  EXPECT_TRUE(holds_with_files_limited_to(8192, [&] {
    const std::string message =
        storage_error_of([&] { write_run(path, example_provenance(), ExampleRun().variables()); });
    return message.find("File too large") != std::string::npos;
  }));
  EXPECT_EQ(bytes_of(path), "old result");
  EXPECT_EQ(files(), std::vector<std::string>{"run.h5"});
}

TEST_F(ResultStore, WhatAKilledProcessLeftIsRemovedAndNothingElse) {
  const auto leave = [&](const std::string& name, const std::string& bytes, std::chrono::hours age) {
    write_bytes(directory / name, bytes);
    fs::last_write_time(directory / name, fs::file_time_type::clock::now() - age);
  };
  const std::string hdf5 = "\x89HDF\r\n\x1a\n and more";
  const std::chrono::hours young(0), old(2);
  leave("run.h5.part-100001", hdf5, old);
  leave("run.h5.part-100002", "", old);
  leave("run.h5.part-100003", std::string(5000, '\0'), old);
  leave("run.h5.part-200001", hdf5, young);             // being written
  leave("run.h5.part-200002", hdf5, old);               // being written, slowly: locked below
  leave("run.h5.part-200003", "notes of mine", old);    // somebody's
  leave("run.h5.part-2000044", hdf5, old);              // no name of ours
  leave("run.h5.part-20000x", hdf5, old);
  leave("other.h5.part-100001", hdf5, old);             // of another target
  fs::create_directory(directory / "run.h5.part-200005");
  fs::create_symlink("run.h5.part-200003", directory / "run.h5.part-200006");
  const int locked = ::open((directory / "run.h5.part-200002").c_str(), O_RDWR | O_CLOEXEC);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  ASSERT_EQ(::fcntl(locked, F_OFD_SETLK, &whole), 0);

  write_run(directory / "run.h5", example_provenance(), ExampleRun().variables());
  const std::vector<std::string> kept{"other.h5.part-100001", "run.h5", "run.h5.part-200001", "run.h5.part-200002", "run.h5.part-200003",
                                      "run.h5.part-2000044", "run.h5.part-200005", "run.h5.part-200006", "run.h5.part-20000x"};
  EXPECT_EQ(files(), kept);
  ::close(locked);
  write_run(directory / "run.h5", example_provenance(), ExampleRun().variables());
  EXPECT_EQ(files().size(), kept.size() - 1);
  EXPECT_FALSE(fs::exists(directory / "run.h5.part-200002"));
}

// ---- what is not a result
// ------------------------------------------------------------------------------------------------

TEST_F(ResultStore, FilesThatAreNoResultAreRefusedWithTheReason) {
  const auto read = [&](const fs::path& path) { return storage_error_of([&] { read_header(path); }); };
  EXPECT_CONTAINS(read(directory / "absent.h5"), "absent.h5: cannot read the result: No such file or directory");
  EXPECT_CONTAINS(read(directory), "it is a directory");
  EXPECT_CONTAINS(read("/dev/null"), "it is not a regular file");
  write_bytes(directory / "text.h5", "time,flow\n1,2\n");
  EXPECT_CONTAINS(read(directory / "text.h5"), "it is not an HDF5 file");
  write_bytes(directory / "empty.h5", "");
  EXPECT_CONTAINS(read(directory / "empty.h5"), "it is not an HDF5 file");

  const hid_t foreign = H5Fcreate((directory / "foreign.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(foreign);
  EXPECT_CONTAINS(read(directory / "foreign.h5"), "not a limbflow result");
}

void set_integer_attribute(const fs::path& path, const char* name, std::int64_t value) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
  H5Awrite(attribute, H5T_NATIVE_INT64, &value);
  H5Aclose(attribute);
  H5Fclose(file);
}

TEST_F(ResultStore, NewerFormatIsRefused) {
  const fs::path path = directory / "run.h5";
  write_run(path, example_provenance(), ExampleRun().variables());
  set_integer_attribute(path, "format_version", result_format_version + 1);
  EXPECT_CONTAINS(storage_error_of([&] { read_header(path); }),
                  "it has format " + std::to_string(result_format_version + 1) + ", written by limbflow " + std::string(version()));
}

TEST_F(ResultStore, EveryTruncationIsRefused) {
  const fs::path path = directory / "run.h5";
  write_run(path, example_provenance(), ExampleRun().variables());
  const std::string whole = bytes_of(path);
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 211) {
    write_bytes(path, whole.substr(0, size));
    EXPECT_NE(storage_error_of([&] { read_header(path); }), "no StorageError") << size;
  }
}

TEST_F(ResultStore, AFileThatWasCutShortSaysHowMuchOfItIsThere) {
  const fs::path path = directory / "run.h5";
  write_run(path, example_provenance(), ExampleRun().variables());
  const std::string whole = bytes_of(path);
  write_bytes(path, whole.substr(0, whole.size() / 2));
  const std::string message = storage_error_of([&] { read_header(path); });
  EXPECT_CONTAINS(message, "it is cut short or damaged: only " + std::to_string(whole.size() / 2) + " of its ");
  EXPECT_EQ(message.find("eof"), std::string::npos) << message;
}

TEST_F(ResultStore, Hdf5PrinterOfTheHostProgramIsLeftAlone) {
  H5E_auto2_t before = nullptr, after = nullptr;
  void* data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  testing::internal::CaptureStderr();
  storage_error_of([&] { read_header(directory / "absent.h5"); });
  write_bytes(directory / "text.h5", std::string(4096, 'x'));
  storage_error_of([&] { read_header(directory / "text.h5"); });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  EXPECT_EQ(before, after);
}

// ---- sweep files
// ----------------------------------------------------------------------------------------------------------

TEST_F(ResultStore, SweepBeginsWithEveryMemberPending) {
  const SweepStore store = create_example(directory / "sweep.h5");
  const SweepPlan plan = example_plan();
  ASSERT_EQ(plan.size(), 30u);
  EXPECT_EQ(store.pending_members().size(), 30u);
  for (const double value : store.values("inflow_mean")) {
    EXPECT_TRUE(std::isnan(value));
  }
  EXPECT_EQ(store.messages(), std::vector<std::string>(30));
  EXPECT_THROW(store.values("absent"), std::out_of_range);
  EXPECT_FALSE(read_header(directory / "sweep.h5").complete);
  EXPECT_EQ(files(), std::vector<std::string>{"sweep.h5"});

  // The plan is read back from the file.
  EXPECT_EQ(store.plan().shape(), plan.shape());
  for (std::size_t member = 0; member < plan.size(); ++member) {
    EXPECT_EQ(store.plan().settings(member), plan.settings(member));
  }
  ASSERT_EQ(store.summaries().size(), 2u);
  EXPECT_EQ(store.summaries()[1].name, "volume_max");
  EXPECT_EQ(store.summaries()[1].unit, "mL");
  EXPECT_EQ(store.summaries()[1].long_name, "greatest venous volume");
  EXPECT_EQ(store.provenance().scenario, example_provenance().scenario);
}

TEST_F(ResultStore, SweepIsFilledInAnyOrderAndResumed) {
  const fs::path path = directory / "sweep.h5";
  {
    SweepStore store = create_example(path);
    store.write(example_rows(20, 25));
    store.write(example_rows(0, 4));
    EXPECT_FALSE(store.is_pending(3));
    store.finish(); // not yet: members are missing
  }
  EXPECT_FALSE(read_header(path).complete);
  {
    SweepStore store = SweepStore::create_or_resume(path, example_plan(), example_summaries, example_provenance());
    const std::vector<std::size_t> pending = store.pending_members();
    ASSERT_EQ(pending.size(), 21u);
    EXPECT_EQ(pending.front(), 4u);
    for (const std::size_t member : pending) {
      store.write(example_rows(member, member + 1));
    }
    store.finish();
  }
  EXPECT_TRUE(read_header(path).complete);
  const SweepStore store = SweepStore::open(path);
  const SweepRows all = example_rows(0, 30);
  EXPECT_TRUE(store.pending_members().empty());
  EXPECT_EQ(store.statuses(), all.statuses);
  EXPECT_EQ(store.messages(), all.messages);
  const std::vector<double> inflow = store.values("inflow_mean"), volume = store.values("volume_max");
  for (std::size_t member = 0; member < 30; ++member) {
    EXPECT_EQ(inflow[member], all.values[member * 2]);
    EXPECT_EQ(volume[member], all.values[member * 2 + 1]);
  }
}

TEST_F(ResultStore, AnotherSweepIsNotResumed) {
  const fs::path path = directory / "sweep.h5";
  create_example(path);
  const auto resume = [&](const SweepPlan& plan, const std::vector<SummaryInfo>& summaries,
                          const Provenance& provenance) {
    return storage_error_of([&] { SweepStore::create_or_resume(path, plan, summaries, provenance); });
  };
  EXPECT_EQ(resume(example_plan(), example_summaries, example_provenance()), "no StorageError");
  Provenance other = example_provenance();
  other.scenario += " ";
  EXPECT_CONTAINS(resume(example_plan(), example_summaries, other), "holds another sweep (its scenario is another)");
  other = example_provenance();
  other.parameters[0].value = std::nextafter(other.parameters[0].value, 1);
  EXPECT_CONTAINS(resume(example_plan(), example_summaries, other), "other axes, summaries, parameters or files");
  other = example_provenance();
  other.inputs = {"age = \"70 yr\""};
  EXPECT_CONTAINS(resume(example_plan(), example_summaries, other), "other axes, summaries, parameters or files");
  std::vector<Axis> axes = example_plan().axes();
  axes[0].coordinates[0].values[2] = 51;
  EXPECT_CONTAINS(resume(SweepPlan(axes), example_summaries, example_provenance()),
                  "other axes, summaries, parameters or files");
  std::vector<SummaryInfo> summaries = example_summaries;
  summaries.pop_back();
  EXPECT_CONTAINS(resume(example_plan(), summaries, example_provenance()), "other axes, summaries, parameters or files");
}

// Takes a text of the file away, or puts another in its place.
void replace_text(const fs::path& path, const char* name, const char* value) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(H5Adelete(file, name), 0);
  if (value != nullptr) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Awrite(attribute, type, &value), 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
  }
  H5Fclose(file);
}

TEST_F(ResultStore, ASweepThatAnotherBuildBeganIsNotResumed) {
  EXPECT_EQ(source_hash().size(), 16u);
  const auto resume = [&](const fs::path& path) {
    return storage_error_of(
        [&] { SweepStore::create_or_resume(path, example_plan(), example_summaries, example_provenance()); });
  };
  const char* const nothing = nullptr; // as in files of early builds
  for (const auto& [name, value] : {std::pair("source_hash", "0123456789abcdef"), std::pair("source_hash", nothing),
                                    std::pair("limbflow_version", "0.0.1")}) {
    const fs::path path = directory / (std::string(name) + (value == nullptr ? "" : value) + ".h5");
    create_example(path);
    EXPECT_EQ(read_header(path).source_hash, source_hash());
    EXPECT_EQ(resume(path), "no StorageError");
    replace_text(path, name, value);
    EXPECT_CONTAINS(resume(path), "begun by another build of limbflow");
    EXPECT_CONTAINS(resume(path), std::string(revision()));
    EXPECT_EQ(SweepStore::open(path).pending_members().size(), 30u) << "what is there can still be read";
  }
}

TEST_F(ResultStore, ASweepIsNeverOverwritten) {
  create_example(directory / "sweep.h5");
  EXPECT_CONTAINS(storage_error_of([&] { create_example(directory / "sweep.h5"); }), "there is a file of this name");
  EXPECT_CONTAINS(storage_error_of([&] { create_example(directory); }), "it is a directory");
  EXPECT_CONTAINS(storage_error_of([&] { create_example(directory / "absent" / "sweep.h5"); }),
                  "No such file or directory");
  EXPECT_EQ(files(), std::vector<std::string>{"sweep.h5"});
}

TEST_F(ResultStore, TwoWritersAreKeptApartAndAReaderIsNot) {
  const fs::path path = directory / "sweep.h5";
  SweepStore store = create_example(path);
  EXPECT_CONTAINS(storage_error_of([&] { SweepStore::open(path); }), "another sweep is writing to it");
  store.write(example_rows(0, 30));
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  const hid_t dataset = H5Dopen2(file, "volume_max", H5P_DEFAULT);
  std::vector<double> values(30);
  H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  EXPECT_EQ(values[29], 29.0);
  H5Dclose(dataset);
  H5Fclose(file);
}

TEST_F(ResultStore, RowsThatDoNotFitAreRefused) {
  SweepStore store = create_example(directory / "sweep.h5");
  EXPECT_THROW(store.write(example_rows(28, 31)), std::invalid_argument);
  SweepRows narrow{0, 1, {1.0}, {MemberStatus::completed}, {""}};
  EXPECT_THROW(store.write(narrow), std::invalid_argument);
  EXPECT_EQ(store.pending_members().size(), 30u);
}

TEST_F(ResultStore, NamesThatCollideAreRefused) {
  const auto create = [&](std::vector<SummaryInfo> summaries) {
    SweepStore::create(directory / "sweep.h5", example_plan(), summaries, {});
  };
  EXPECT_THROW(create({{"load", "", ""}}), std::invalid_argument);
  EXPECT_THROW(create({{"status", "", ""}}), std::invalid_argument);
  EXPECT_THROW(create({{"a", "", ""}, {"a", "", ""}}), std::invalid_argument);
  EXPECT_TRUE(files().empty());
}

TEST_F(ResultStore, FullDiskIsFoundBeforeTheSweepBegins) {
  const fs::path path = directory / "sweep.h5";
  const SweepPlan large({grid_axis("cuff_pressure", "cuff.pressure", "%AOP", 0, 100, 100001)});
  EXPECT_TRUE(holds_with_files_limited_to(1 << 20, [&] {
    const std::string message =
        storage_error_of([&] { SweepStore::create(path, large, example_summaries, example_provenance()); });
    return message.find("sweep.h5: cannot create the sweep: File too large") != std::string::npos;
  }));
  EXPECT_TRUE(files().empty());
}

TEST_F(ResultStore, FullDiskWhileWritingMessagesLosesNothing) {
  const fs::path path = directory / "sweep.h5";
  create_example(path).write(example_rows(0, 3));
  const std::size_t size = fs::file_size(path);
  EXPECT_TRUE(holds_with_files_limited_to(size, [&] {
    SweepStore store = SweepStore::open(path);
    const std::string message = storage_error_of([&] { store.write(example_rows(3, 5)); });
    return message.find("sweep.h5: cannot write to the sweep: File too large") != std::string::npos &&
           store.is_pending(3);
  }));
  SweepStore store = SweepStore::open(path);
  EXPECT_EQ(store.pending_members().size(), 27u);
  store.write(example_rows(3, 30));
  store.finish();
  EXPECT_EQ(store.messages(), example_rows(0, 30).messages);
}

TEST_F(ResultStore, RunFileIsNotASweep) {
  const fs::path path = directory / "run.h5";
  write_run(path, example_provenance(), ExampleRun().variables());
  EXPECT_CONTAINS(storage_error_of([&] { SweepStore::open(path); }), "it holds a run, not a sweep");
  EXPECT_CONTAINS(storage_error_of([&] { SweepStore::open(directory / "absent.h5"); }), "No such file or directory");
  EXPECT_CONTAINS(storage_error_of([&] { SweepStore::open(directory); }), "it is a directory");
}

TEST_F(ResultStore, EveryTruncationOfASweepIsRefused) {
  const fs::path path = directory / "sweep.h5";
  create_example(path).write(example_rows(0, 30));
  const std::string whole = bytes_of(path);
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 211) {
    write_bytes(path, whole.substr(0, size));
    EXPECT_NE(storage_error_of([&] { SweepStore::open(path); }), "no StorageError") << size;
  }
}

TEST_F(ResultStore, UnknownStatusIsRefused) {
  const fs::path path = directory / "sweep.h5";
  create_example(path);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t dataset = H5Dopen2(file, "status", H5P_DEFAULT);
  const std::vector<std::int8_t> statuses(30, 99);
  H5Dwrite(dataset, H5T_NATIVE_INT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, statuses.data());
  H5Dclose(dataset);
  H5Fclose(file);
  EXPECT_CONTAINS(storage_error_of([&] { SweepStore::open(path); }), "unknown status 99");
}

// A sweep in a child process; the parent kills it.
TEST_F(ResultStore, KilledSweepsResumeToTheUndisturbedResult) {
  const SweepPlan plan({grid_axis("a", "a", "mmHg", 0, 1, 40), grid_axis("b", "b", "s", 0, 1, 50)});
  const auto worker = [](std::size_t member, SummaryRow& row) {
    double x = 1.0 / static_cast<double>(member + 3);
    for (int i = 0; i < 2000; ++i) {
      x = 3.9 * x * (1 - x);
    }
    row.values[0] = x;
    row.values[1] = static_cast<double>(member);
    if (member % 5 == 0) {
      throw std::runtime_error("member " + std::to_string(member) + std::string(member % 300, '!'));
    }
  };
  const auto go_on = [&](const fs::path& path) {
    SweepStore store = SweepStore::create_or_resume(path, plan, example_summaries, example_provenance());
    SweepOptions options;
    options.threads = 2;
    options.chunk = 8;
    options.already_done = [&](std::size_t member) { return !store.is_pending(member); };
    run_sweep(plan, 2, worker, options, [&](const SweepRows& rows) { store.write(rows); });
    store.finish();
  };
  go_on(directory / "undisturbed.h5");

  const fs::path path = directory / "killed.h5";
  int kills = 0;
  for (int attempt = 0; attempt < 100; ++attempt) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        go_on(path);
        ::_exit(0);
      } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        ::_exit(1);
      }
    }
    ::usleep(static_cast<useconds_t>(2000 + (attempt * 7919) % 20000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
  }
  RecordProperty("kills", kills);
  EXPECT_GT(kills, 3);
  go_on(path);
  const SweepStore killed = SweepStore::open(path), undisturbed = SweepStore::open(directory / "undisturbed.h5");
  EXPECT_TRUE(read_header(path).complete);
  EXPECT_EQ(killed.statuses(), undisturbed.statuses());
  EXPECT_EQ(killed.messages(), undisturbed.messages());
  for (const SummaryInfo& summary : example_summaries) {
    const std::vector<double> a = killed.values(summary.name), b = undisturbed.values(summary.name);
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(double)), 0);
  }
}

} // namespace
} // namespace limbflow::core
