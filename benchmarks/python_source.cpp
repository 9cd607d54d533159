#include "benchmarks/python_source.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <stdexcept>
#include <utility>

namespace limbflow::benchmarks {

namespace {

std::size_t index(int place) { return static_cast<std::size_t>(place); }

std::string digits_of(double value) {
  if (std::isinf(value))
    return value > 0.0 ? "inf" : "(-inf)";
  if (std::isnan(value))
    return "nan";
  std::array<char, 32> digits;
  std::string text(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  return text.front() == '-' ? "(" + text + ")" : text;
}

class Writer {
public:
  Writer(const Tape& tape, int time_place, const std::vector<int>& state_places, const std::vector<int>& parameter_places,
         const std::vector<int>& control_places, const std::vector<int>& output_places, Dialect into)
      : nodes(tape.nodes()), time(time_place), states(state_places), parameters(parameter_places), controls(control_places),
        outputs(output_places), dialect(into), live(nodes.size()), prepared(nodes.size()), movable(nodes.size()),
        merged(nodes.size(), -1), text(nodes.size()) {
    find_live();
    find_prepared();
    find_merged();
    find_movable();
    find_loop();
  }

  std::string module() {
    std::string out = header();
    out += prepare();
    out += rates();
    return out;
  }

private:
  bool branches() const { return dialect != Dialect::arrays; }

  std::vector<int> operands(const Node& node) const {
    std::vector<int> places;
    for (const int place : {node.a, node.b, node.c})
      if (place >= 0)
        places.push_back(place);
    return places;
  }

  void find_live() {
    std::vector<int> waiting(outputs);
    while (!waiting.empty()) {
      const std::size_t i = index(waiting.back());
      waiting.pop_back();
      if (live[i])
        continue;
      live[i] = true;
      for (const int operand : operands(nodes[i]))
        waiting.push_back(operand);
    }
  }

  // What is used once, and written once there, can be written where it is used.
  void find_movable() {
    std::vector<int> uses(nodes.size());
    for (const int output : outputs)
      ++uses[index(output)];
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (live[i])
        for (const int operand : operands(nodes[i]))
          uses[index(operand)] += (writes_twice(nodes[i].operation) && dialect == Dialect::python) || prepared[i] != prepared[index(operand)] ? 2 : 1;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      movable[i] = branches() && uses[i] == 1 && nodes[i].depth == 0;
  }

  static bool writes_twice(Operation operation) { return operation == Operation::minimum || operation == Operation::maximum; }

  void find_prepared() {
    std::set<int> changing(states.begin(), states.end());
    changing.insert(time);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Node& node = nodes[i];
      if (node.operation == Operation::guard || node.operation == Operation::unguard)
        continue;
      bool fixed = node.depth == 0 && !changing.contains(static_cast<int>(i));
      for (const int operand : operands(node))
        fixed = fixed && prepared[index(operand)];
      prepared[i] = fixed;
    }
  }

  // A choice by the condition of an open guard keeps its value where the guard is shut: one variable that is set before the guard, and
  // again inside it.
  void find_merged() {
    std::vector<int> open;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Node& node = nodes[i];
      if (node.operation == Operation::guard)
        open.push_back(node.a);
      else if (node.operation == Operation::unguard)
        open.pop_back();
      else if (branches() && node.operation == Operation::select && !open.empty() && node.a == open.back() && live[i])
        merged[i] = merged[index(node.c)] >= 0 ? merged[index(node.c)] : static_cast<int>(i);
    }
  }

  std::string header() const {
    switch (dialect) {
    case Dialect::python:
      return "from math import cos, exp, floor, inf, log, nan, sin, sqrt  # noqa: F401\n\nimport numpy as np\n\n\n";
    case Dialect::numba:
      return "from math import cos, exp, floor, inf, log, nan, sin, sqrt  # noqa: F401\n\nimport numba\nimport numpy as np\n\n\n"
             "@numba.njit\ndef choose(condition, a, b):\n    return a if condition else b\n\n\n";
    default:
      return "from math import inf, nan  # noqa: F401\n\n\n";
    }
  }

  // The tape holds an iteration's first three rounds. The second and third are the same but for the values that one round hands to the next:
  // the second is written as a loop, the third left out.
  void find_loop() {
    std::vector<std::size_t> guards;
    std::size_t end = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (nodes[i].operation == Operation::guard)
        guards.push_back(i);
      else if (nodes[i].operation == Operation::unguard && end == 0)
        end = i;
    if (guards.empty())
      return;
    if (guards.size() != static_cast<std::size_t>(rounds_on_tape))
      throw std::logic_error("trace: more than one iteration, or one whose number of rounds is known");
    second = guards[1];
    third = guards[2];
    after = end + guards.size();
    if (third - second != end - third)
      throw std::logic_error("trace: rounds of an iteration that differ");
    hand_on(nodes[second].a, nodes[third].a);
    for (std::size_t i = 1; i < third - second; ++i) {
      const Node& before = nodes[second + i];
      const Node& now = nodes[third + i];
      if (before.operation != now.operation)
        throw std::logic_error("trace: rounds of an iteration that differ");
      for (const auto& [a, b] : {std::pair{before.a, now.a}, {before.b, now.b}, {before.c, now.c}})
        if (a != b && !(index(b) > third && index(b) - third == index(a) - second) && live[third + i])
          hand_on(a, b);
    }
  }

  // A value that a round gets, and what it hands to the next one in its place.
  void hand_on(int got, int handed) {
    if (index(handed) < second || index(handed) > third)
      throw std::logic_error("trace: a round of an iteration that remembers more than the round before it");
    for (const auto& [known, of_it] : handed_on)
      if (known == got || of_it == handed) {
        if (known != got || of_it != handed)
          throw std::logic_error("trace: a value of an iteration that is handed on as two");
        return;
      }
    handed_on.emplace_back(got, handed);
  }

  static std::string list(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
      out += (i > 0 ? ", " : "") + words[i];
    return out;
  }

  // What rhs gets from prepare.
  std::vector<int> handed_over() const {
    std::vector<char> needed(nodes.size());
    const auto need = [&](int place) {
      if (prepared[index(place)] && nodes[index(place)].operation != Operation::constant)
        needed[index(place)] = true;
    };
    for (const int output : outputs)
      need(output);
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (live[i] && !prepared[i])
        for (const int operand : operands(nodes[i]))
          need(operand);
    std::vector<int> places;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (needed[i])
        places.push_back(static_cast<int>(i));
    return places;
  }

  std::string prepare() {
    const std::vector<int> handed = handed_over();
    std::string out = dialect == Dialect::numba    ? "@numba.njit(\"float64[::1](float64[::1], float64[::1])\", error_model=\"numpy\", cache=True)\ndef prepare(p, c):\n"
                      : dialect == Dialect::arrays ? "def prepare(xp, p, c):\n"
                                                   : "def prepare(p, c):\n";
    for (std::size_t i = 0; i < parameters.size(); ++i)
      if (live[index(parameters[i])])
        text[index(parameters[i])] = "p[" + std::to_string(i) + "]";
    for (std::size_t i = 0; i < controls.size(); ++i)
      if (live[index(controls[i])])
        text[index(controls[i])] = "c[" + std::to_string(i) + "]";
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (live[i] && prepared[i])
        write(static_cast<int>(i), out, 1);
    std::vector<std::string> words;
    for (const int place : handed)
      words.push_back(text[index(place)]);
    out += dialect == Dialect::numba ? "    return np.array([" + list(words) + "])\n\n\n" : "    return (" + list(words) + ",)\n\n\n";
    for (std::size_t i = 0; i < handed.size(); ++i)
      text[index(handed[i])] = "q" + std::to_string(i);
    quantities = handed.size();
    return out;
  }

  std::string rates() {
    std::string out = dialect == Dialect::numba    ? "@numba.njit(\"float64[::1](float64, float64[:], float64[::1])\", error_model=\"numpy\", cache=True)\ndef rhs(t, y, q):\n"
                      : dialect == Dialect::arrays ? "def rhs(xp, t, y, q):\n"
                                                   : "def rhs(t, y, q):\n";
    const auto unpack = [&](char name, std::size_t count, const char* from) {
      std::vector<std::string> words;
      for (std::size_t i = 0; i < count; ++i)
        words.push_back(name + std::to_string(i));
      if (dialect == Dialect::numba)
        for (std::size_t i = 0; i < count; ++i)
          out += "    " + words[i] + " = " + name + "[" + std::to_string(i) + "]\n";
      else
        out += "    (" + list(words) + ",) = " + from + "\n";
    };
    unpack('y', states.size(), dialect == Dialect::python ? "y.tolist()" : "y");
    unpack('q', quantities, "q");
    for (std::size_t i = 0; i < states.size(); ++i)
      text[index(states[i])] = "y" + std::to_string(i);
    text[index(time)] = "t";
    std::size_t depth = 1;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Node& node = nodes[i];
      if (i == second && second > 0) {
        begin_loop(out, depth++);
      } else if (i == third && third > 0) {
        end_loop(out, depth);
        i = after - 1;
        depth = 1;
      } else if (node.operation == Operation::guard) {
        if (!branches())
          continue;
        set_before_guard(i, out, depth);
        out += std::string(4 * depth, ' ') + "if " + text[index(node.a)] + ":\n";
        ++depth;
      } else if (live[i] && !prepared[i]) {
        write(static_cast<int>(i), out, depth);
      }
    }
    std::vector<std::string> words;
    for (const int output : outputs)
      words.push_back(text[index(output)]);
    out += dialect == Dialect::arrays ? "    return (" + list(words) + ",)\n" : "    return np.array([" + list(words) + "])\n";
    return out;
  }

  static std::string variable(std::size_t number) { return "v" + std::to_string(number); }

  void begin_loop(std::string& out, std::size_t depth) {
    const std::string indent(4 * depth, ' ');
    std::vector<std::string> names, values;
    for (std::size_t i = 0; i < handed_on.size(); ++i) {
      std::string& got = text[index(handed_on[i].first)];
      if (merged[index(handed_on[i].second)] >= 0 && got == "x" + std::to_string(merged[index(handed_on[i].second)]))
        continue; // one variable already
      names.push_back(variable(i));
      values.push_back(got);
      got = variable(i);
    }
    if (branches()) {
      for (std::size_t i = 0; i < names.size(); ++i)
        out += indent + names[i] + " = " + values[i] + "\n";
      out += indent + "while " + text[index(nodes[second].a)] + ":\n";
    } else {
      out += indent + "def one_round(handed):\n" + indent + "    (" + list(names) + ",) = handed\n";
      into_loop = "xp.iterate(one_round, (" + list(values) + ",))";
    }
  }

  void end_loop(std::string& out, std::size_t depth) {
    const std::string indent(4 * depth, ' ');
    std::vector<std::string> names, values;
    for (std::size_t i = 0; i < handed_on.size(); ++i)
      if (text[index(handed_on[i].first)] == variable(i)) {
        names.push_back(variable(i));
        values.push_back(text[index(handed_on[i].second)]);
      }
    if (branches())
      out += indent + list(names) + " = " + list(values) + "\n";
    else
      out += indent + "return (" + list(values) + ",)\n\n" + indent.substr(4) + "(" + list(names) + ",) = " + into_loop + "\n";
    // what is asked of the third round after the loop is what the last round handed on
    for (std::size_t i = 0; i < handed_on.size(); ++i) {
      const std::size_t now = index(handed_on[i].second) - second + third;
      text[now] = merged[now] >= 0 ? "x" + std::to_string(merged[now]) : variable(i);
    }
  }

  // Variables that guarded code sets again, before its outermost guard.
  void set_before_guard(std::size_t guard, std::string& out, std::size_t depth) const {
    if (nodes[guard].depth > 0)
      return;
    for (std::size_t i = guard; nodes[i].operation != Operation::unguard || nodes[i].depth > 0; ++i)
      if (merged[i] == static_cast<int>(i)) {
        if (nodes[index(nodes[i].c)].depth > 0)
          throw std::logic_error("trace: a guarded value starts from one that is guarded itself");
        out += std::string(4 * depth, ' ') + "x" + std::to_string(i) + " = " + text[index(nodes[i].c)] + "\n";
      }
  }

  void write(int place, std::string& out, std::size_t depth) {
    const std::size_t i = index(place);
    const Node& node = nodes[i];
    if (node.operation == Operation::input)
      return;
    if (node.operation == Operation::constant) {
      text[i] = digits_of(node.value);
      return;
    }
    const std::string& a = text[index(node.a)];
    if (merged[i] >= 0) {
      text[i] = "x" + std::to_string(merged[i]);
      out += std::string(4 * depth, ' ') + text[i] + " = " + text[index(node.b)] + "\n";
      text[index(node.c)] = merged[index(node.c)] >= 0 ? "" : text[index(node.c)]; // its old value is gone
      return;
    }
    for (const int operand : operands(node))
      if (text[index(operand)].empty() || (branches() && nodes[index(operand)].depth > node.depth && merged[index(operand)] < 0))
        throw std::logic_error("trace: a value is used after the guard that it was computed under");
    const std::string b = node.b >= 0 ? text[index(node.b)] : "";
    const std::string c = node.c >= 0 ? text[index(node.c)] : "";
    std::string value = expression(node.operation, a, b, c);
    constexpr std::size_t longest = 150;
    if (movable[i] && value.size() < longest) {
      text[i] = std::move(value);
      return;
    }
    text[i] = "x" + std::to_string(place);
    out += std::string(4 * depth, ' ') + text[i] + " = " + value + "\n";
  }

  std::string expression(Operation operation, const std::string& a, const std::string& b, const std::string& c) const {
    const bool arrays = dialect == Dialect::arrays;
    const auto call = [&](const char* name) {
      return std::string(arrays ? "xp." : "") + name + "(" + a + (b.empty() ? "" : ", " + b) + (c.empty() ? "" : ", " + c) + ")";
    };
    const bool numba = dialect == Dialect::numba; // slow to compile branches in expressions
    const auto between = [&](const char* sign) { return "(" + a + " " + sign + " " + b + ")"; };
    switch (operation) {
    case Operation::add: return between("+");
    case Operation::subtract: return between("-");
    case Operation::multiply: return between("*");
    case Operation::divide: return between("/");
    case Operation::negate: return "(-" + a + ")";
    case Operation::minimum: return arrays ? call("minimum") : numba ? call("min") : "(" + b + " if " + b + " < " + a + " else " + a + ")";
    case Operation::maximum: return arrays ? call("maximum") : numba ? call("max") : "(" + b + " if " + a + " < " + b + " else " + a + ")";
    case Operation::absolute: return arrays ? call("abs") : "abs(" + a + ")";
    case Operation::floor: return call("floor");
    case Operation::square_root: return call("sqrt");
    case Operation::exponential: return call("exp");
    case Operation::logarithm: return call("log");
    case Operation::sine: return call("sin");
    case Operation::cosine: return call("cos");
    case Operation::less: return arrays ? call("less") : between("<");
    case Operation::less_equal: return arrays ? call("less_equal") : between("<=");
    case Operation::both: return arrays ? call("logical_and") : between("and");
    case Operation::select: return arrays ? call("where") : numba ? call("choose") : "(" + b + " if " + a + " else " + c + ")";
    default: throw std::logic_error("trace: not an expression");
    }
  }

  const std::vector<Node>& nodes;
  int time;
  const std::vector<int>& states;
  const std::vector<int>& parameters;
  const std::vector<int>& controls;
  const std::vector<int>& outputs;
  Dialect dialect;
  std::vector<char> live, prepared, movable;
  std::vector<int> merged; // the node whose variable a guarded choice sets, or -1
  std::vector<std::string> text;
  std::size_t quantities = 0;
  std::size_t second = 0, third = 0, after = 0;  // guards of an iteration's rounds, and where it is over
  std::vector<std::pair<int, int>> handed_on;    // from the round before; to the next
  std::string into_loop;
};

} // namespace

std::string python_source(const Tape& tape, int time, const std::vector<int>& states, const std::vector<int>& parameters,
                          const std::vector<int>& controls, const std::vector<int>& outputs, Dialect dialect) {
  return Writer(tape, time, states, parameters, controls, outputs, dialect).module();
}

} // namespace limbflow::benchmarks
