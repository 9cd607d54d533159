#include "core/apart.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace limbflow::core {

namespace {

constexpr std::size_t longest_text = std::size_t{1} << 16;

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category()); }

// Before the text: whether it is whole must not depend on the pipe's end, which any other child of this process may keep open.
using Length = std::uint32_t;

bool is_whole(const std::string& said) {
  Length length = 0;
  if (said.size() < sizeof length)
    return false;
  std::memcpy(&length, said.data(), sizeof length);
  return said.size() >= sizeof length + length;
}

// What tells a text from the reason of an exception.
constexpr char returned = 'r', threw = 't';

[[noreturn]] void be_the_child(const std::function<std::string()>& work, std::chrono::seconds processor_time, int out) {
  // The handlers of the host program (a debugger's, an interpreter's) are none of this process's business.
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU})
    std::signal(number, SIG_DFL);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (out <= STDERR_FILENO) // the host has closed its standard streams
    out = ::fcntl(out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  // Locks are held as long as any process has the file open.
  if (out > STDERR_FILENO + 1)
    ::close_range(STDERR_FILENO + 1, static_cast<unsigned>(out) - 1, 0);
  ::close_range(static_cast<unsigned>(out) + 1, ~0U, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  const auto seconds = static_cast<rlim_t>(processor_time.count());
  const rlimit time{seconds, seconds + 1};
  ::setrlimit(RLIMIT_CPU, &time);
  if (const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0) {
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
  }
  std::string text;
  try {
    text = returned + work();
  } catch (const std::exception& error) {
    text = threw + std::string(error.what());
  } catch (...) {
    text = threw + std::string("an error of unknown kind");
  }
  text.resize(std::min(text.size(), longest_text));
  const auto length = static_cast<Length>(text.size());
  text.insert(0, reinterpret_cast<const char*>(&length), sizeof length);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(out, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR)
      break;
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  ::_exit(0);
}

// The child, whatever becomes of this function's caller.
class Child {
public:
  explicit Child(pid_t id) : id_(id) {}
  ~Child() {
    if (!over_) {
      ::kill(id_, SIGKILL);
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait() {
    while (!over_ && ::waitpid(id_, &status_, 0) < 0 && errno == EINTR) {
    }
    over_ = true;
    return status_;
  }
  bool is_over() {
    over_ = over_ || ::waitpid(id_, &status_, WNOHANG) != 0;
    return over_;
  }

private:
  pid_t id_;
  bool over_ = false;
  int status_ = 0;
};

class Pipe {
public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0)
      fail();
  }
  ~Pipe() {
    ::close(ends_[0]);
    close_writing();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void close_writing() {
    if (ends_[1] >= 0)
      ::close(std::exchange(ends_[1], -1));
  }

private:
  std::array<int, 2> ends_{-1, -1};
};

} // namespace

std::string apart(const std::function<std::string()>& work, std::chrono::seconds processor_time) {
  using Clock = std::chrono::steady_clock;
  constexpr int clock_over_processor = 20;
  constexpr std::chrono::milliseconds between_looks(20); // whether the child is over
  const std::string too_long = "did not end within " + std::to_string(processor_time.count()) + " s";
  Pipe pipe;
  const pid_t id = ::fork();
  if (id < 0)
    fail();
  if (id == 0)
    be_the_child(work, processor_time, pipe.writing());
  Child child(id);
  pipe.close_writing();

  std::string said;
  const Clock::time_point last = Clock::now() + clock_over_processor * processor_time;
  while (!is_whole(said)) {
    const bool over = child.is_over(); // before the look into the pipe: what it said is there then
    const auto now = Clock::now();
    pollfd readable{pipe.reading(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, over || now >= last ? 0 : static_cast<int>(between_looks.count()));
    if (ready < 0 && errno != EINTR)
      fail();
    if (ready == 0 && over)
      break;
    if (ready == 0 && now >= last)
      throw std::runtime_error(too_long);
    if (ready <= 0)
      continue;
    std::array<char, 4096> block;
    const ssize_t count = ::read(pipe.reading(), block.data(), block.size());
    if (count < 0 && errno != EINTR)
      fail();
    if (count == 0)
      break;
    said.append(block.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  const int status = child.wait();
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
    throw std::runtime_error(too_long);
  // What the bytes cannot bring about: somebody ended the child, or memory ran out.
  for (const int number : {SIGKILL, SIGTERM, SIGINT, SIGHUP})
    if (WIFSIGNALED(status) && WTERMSIG(status) == number)
      throw Ended(std::string("ended from outside (") + ::strsignal(number) + ")");
  if (WIFSIGNALED(status))
    throw std::runtime_error(std::string("crashed (") + ::strsignal(WTERMSIG(status)) + ")");
  if (!is_whole(said))
    throw std::runtime_error("ended without a word");
  const std::string text = said.substr(sizeof(Length));
  if (text.front() == threw)
    throw std::runtime_error(text.substr(1));
  return text.substr(1);
}

} // namespace limbflow::core
