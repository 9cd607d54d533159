// Writes the limb's equations as Python into a folder, made from the model's own source (trace.hpp), with the session to run and
// samples of the right-hand side to check them against:
//
//   limb_equations FOLDER
//
//   FIDELITY_python.py, FIDELITY_numba.py, FIDELITY_arrays.py    prepare(p, c) and rhs(t, y, q) (python_source.hpp)
//   FIDELITY.json                                                session, reference, samples

#include "benchmarks/classic_session.hpp"
#include "benchmarks/plain_values.hpp"
#include "benchmarks/python_source.hpp"
#include "benchmarks/trace.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace limbflow::benchmarks;
namespace models = limbflow::models;

struct Sample {
  double t;
  State y;
  const Controls* controls;
};

/// States at the ends of segments under the controls before and after them, as they are and shaken by some per cent.
std::vector<Sample> samples_of(const Session& session) {
  constexpr double shake = 0.03;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> factor(1.0 - shake, 1.0 + shake);
  std::vector<Sample> samples;
  for (std::size_t k = 0; k < session.exact.size(); ++k)
    for (const std::size_t of : {k, std::min(k + 1, session.exact.size() - 1)})
      for (const bool shaken : {false, true}) {
        Sample sample{session.timeline[k].end, session.exact[k], &session.timeline[of].controls};
        if (shaken)
          for (double& value : sample.y)
            value *= factor(random);
        samples.push_back(sample);
      }
  return samples;
}

class Json {
public:
  explicit Json(const std::filesystem::path& path) : out(path) { out << "{"; }
  ~Json() { out << "\n}\n"; }
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;

  void put(const char* key, const std::vector<std::vector<double>>& rows) {
    begin(key);
    out << "[";
    for (std::size_t i = 0; i < rows.size(); ++i) {
      out << (i > 0 ? ",\n" : "");
      list(rows[i]);
    }
    out << "]";
  }
  void put(const char* key, std::span<const double> numbers) {
    begin(key);
    list(numbers);
  }
  void put(const char* key, double number) {
    begin(key);
    list_number(number);
  }

private:
  void begin(const char* key) {
    out << (first ? "\n" : ",\n") << '"' << key << "\": ";
    first = false;
  }
  void list(std::span<const double> numbers) {
    out << "[";
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      out << (i > 0 ? ", " : "");
      list_number(numbers[i]);
    }
    out << "]";
  }
  void list_number(double number) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g", number);
    out << (std::isfinite(number) ? digits : number > 0.0 ? "Infinity" : number < 0.0 ? "-Infinity" : "NaN");
  }

  std::ofstream out;
  bool first = true;
};

/// Leaves a file that says the same as it is, for what others have compiled from it stays good.
void write_if_new(const std::filesystem::path& path, const std::string& text) {
  std::ifstream before(path);
  if (before && std::string(std::istreambuf_iterator<char>(before), {}) == text)
    return;
  std::ofstream out(path);
  out << text;
  if (!out.flush())
    throw std::runtime_error("cannot write " + path.string());
}

template <class Range>
std::vector<double> as_vector(const Range& range) {
  return {range.begin(), range.end()};
}

template <class M>
void write_fidelity(const std::filesystem::path& folder, const std::string& name, models::Fidelity fidelity) {
  const Session session = classic_session(fidelity);
  const std::vector<Sample> samples = samples_of(session);

  Tape tape(rounds_on_tape);
  tape_in_use = &tape;
  std::vector<int> states, parameter_places, control_places, outputs;
  const auto input = [&](std::vector<int>& places, char letter) {
    places.push_back(tape.input(letter + std::to_string(places.size())));
    return Trace::at(places.back());
  };
  const Trace time = Trace::at(tape.input("t"));
  std::vector<Trace> y, rates(M::state_count);
  for (std::size_t i = 0; i < M::state_count; ++i)
    y.push_back(input(states, 'y'));
  const auto parameters =
      made_of<Trace, models::LimbParameters>([&](std::size_t) { return input(parameter_places, 'p'); });
  const auto controls = made_of<Trace, models::LimbControls>([&](std::size_t) { return input(control_places, 'c'); });
  M::template rhs<Trace>(time, y.data(), rates.data(), parameters, controls);
  for (const Trace& rate : rates)
    outputs.push_back(rate.place);
  tape_in_use = nullptr;

  for (const auto& [dialect, suffix] : {std::pair{Dialect::python, "python"}, {Dialect::numba, "numba"}, {Dialect::arrays, "arrays"}}) {
    write_if_new(folder / (name + "_" + suffix + ".py"),
                 "\"\"\"The limb's right-hand side, written by limb_equations from the model's source.\"\"\"\n\n" +
                     python_source(tape, time.place, states, parameter_places, control_places, outputs, dialect));
  }

  Json json(folder / (name + ".json"));
  json.put("operations_on_tape", static_cast<double>(tape.nodes().size()));
  json.put("parameters", flat<models::LimbParameters>(session.parameters));
  json.put("heart_rate_place", static_cast<double>(offsetof(models::LimbParameters<double>, heart_rate) / sizeof(double)));
  json.put("start", session.start);
  json.put("longest_step", session.longest_step);
  std::vector<double> scales;
  for (const auto& state : M::states())
    scales.push_back(state.scale);
  json.put("scales", scales);
  json.put("largest", session.largest);
  std::vector<std::vector<double>> times, controls_of, exact;
  for (const auto& segment : session.timeline.segments()) {
    times.push_back({segment.begin, segment.end});
    controls_of.push_back(as_vector(flat<models::LimbControls>(segment.controls)));
  }
  for (const State& end : session.exact)
    exact.push_back(as_vector(end));
  json.put("segments", times);
  json.put("controls", controls_of);
  json.put("exact", exact);
  std::vector<std::vector<double>> sample_times, sample_states, sample_controls, sample_rates;
  for (const Sample& sample : samples) {
    State change;
    M::template rhs<double>(sample.t, sample.y.data(), change.data(), session.parameters, *sample.controls);
    sample_times.push_back({sample.t});
    sample_states.push_back(as_vector(sample.y));
    sample_controls.push_back(as_vector(flat<models::LimbControls>(*sample.controls)));
    sample_rates.push_back(as_vector(change));
  }
  json.put("sample_times", sample_times);
  json.put("sample_states", sample_states);
  json.put("sample_controls", sample_controls);
  json.put("sample_rates", sample_rates);
}

} // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 2;
  }
  try {
    const std::filesystem::path folder = arguments[1];
    std::filesystem::create_directories(folder);
    write_fidelity<models::AveragedLimb>(folder, "averaged", models::Fidelity::averaged);
    write_fidelity<models::PulsatileLimb>(folder, "pulsatile", models::Fidelity::pulsatile);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "limb_equations: %s\n", problem.what());
    return 3;
  }
}
