#include "benchmarks/method.hpp"

#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace limbflow::benchmarks {

double processor_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

namespace {

class Server {
public:
  Server(const std::function<Methods(models::Fidelity)>& of_fidelity, const Commands& others)
      : methods_of(of_fidelity), more(others) {}

  std::string answer(const std::vector<std::string>& words) {
    const std::string& command = words.at(0);
    if (command == "methods") {
      std::string names;
      for (const auto& [name, run] : methods_of(fidelity_of(words.at(1))))
        names += (names.empty() ? "" : "|") + name;
      return names;
    }
    if (command == "run") {
      std::string method = words.at(3);
      for (std::size_t i = 4; i < words.size(); ++i)
        method += " " + words[i];
      return run(fidelity_of(words.at(1)), std::stod(words.at(2)), method);
    }
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    return more.at(command)(rest);
  }

private:
  static models::Fidelity fidelity_of(const std::string& name) {
    if (name != "averaged" && name != "pulsatile")
      throw std::invalid_argument("no fidelity " + name);
    return name == "pulsatile" ? models::Fidelity::pulsatile : models::Fidelity::averaged;
  }

  const Session& session_of(models::Fidelity fidelity) {
    std::optional<Session>& session = fidelity == models::Fidelity::pulsatile ? pulsatile : averaged;
    if (!session)
      session = classic_session(fidelity);
    return *session;
  }

  std::string run(models::Fidelity fidelity, double tolerance, const std::string& wanted) {
    const Session& session = session_of(fidelity);
    for (const auto& [name, method] : methods_of(fidelity))
      if (name == wanted) {
        const Attempt attempt = method(session, tolerance);
        char line[100];
        std::snprintf(line, sizeof line, "%.6e %.9e %zu", error_of(attempt.ends, session), attempt.seconds, attempt.evaluations);
        return line;
      }
    throw std::invalid_argument("no method " + wanted);
  }

  const std::function<Methods(models::Fidelity)>& methods_of;
  const Commands& more;
  std::optional<Session> averaged, pulsatile;
};

} // namespace

int serve(const std::vector<std::string>& words, const std::function<Methods(models::Fidelity)>& methods_of,
          const Commands& more) {
  Server server(methods_of, more);
  const auto respond = [&](const std::vector<std::string>& command) {
    try {
      std::cout << server.answer(command) << std::endl;
      return 0;
    } catch (const std::exception& problem) {
      std::cout << "error " << problem.what() << std::endl;
      return 3;
    }
  };
  if (!words.empty())
    return respond(words);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream text(line);
    std::vector<std::string> command;
    for (std::string word; text >> word;)
      command.push_back(word);
    if (!command.empty())
      respond(command);
  }
  return 0;
}

} // namespace limbflow::benchmarks
