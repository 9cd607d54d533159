// A scalar that writes down what model code computes with it, so that peers in other languages get the limb's equations from the one
// place where they are written. Running `M::rhs<Trace>` once leaves on a `Tape` every operation in order, as straight-line code.
//
// Equal operations on equal operands are written down once, and those on constants are carried out. A loop that asks `any(condition)`
// is unrolled as often as the tape allows; what follows a condition is marked as guarded by it, and only `select` by that condition
// may leave the guarded part, so that a language with branches can skip it.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace limbflow::benchmarks {

enum class Operation {
  constant, input,
  add, subtract, multiply, divide, negate,
  minimum, maximum, absolute, floor, square_root, exponential, logarithm, sine, cosine,
  less, less_equal, both, select,
  guard, ///< what follows, until `unguard`, changes nothing where the condition does not hold
  unguard
};

struct Node {
  Operation operation = Operation::constant;
  int a = -1, b = -1, c = -1; ///< operands, places on the tape
  double value = 0.0;         ///< of a constant
  std::string name{};         ///< of an input
  int depth = 0;              ///< guards that were open when it was written
};

/// What an operation gives; not of a constant, an input or a guard.
inline double value_of(Operation operation, double a, double b, double c = 0.0) {
  switch (operation) {
  case Operation::add: return a + b;
  case Operation::subtract: return a - b;
  case Operation::multiply: return a * b;
  case Operation::divide: return a / b;
  case Operation::negate: return -a;
  case Operation::minimum: return std::min(a, b);
  case Operation::maximum: return std::max(a, b);
  case Operation::absolute: return std::abs(a);
  case Operation::floor: return std::floor(a);
  case Operation::square_root: return std::sqrt(a);
  case Operation::exponential: return std::exp(a);
  case Operation::logarithm: return std::log(a);
  case Operation::sine: return std::sin(a);
  case Operation::cosine: return std::cos(a);
  case Operation::less: return a < b;
  case Operation::less_equal: return a <= b;
  case Operation::both: return a != 0.0 && b != 0.0;
  case Operation::select: return a != 0.0 ? b : c;
  default: throw std::logic_error("trace: an operation that has no value");
  }
}

class Tape {
public:
  /// most_rounds: how often an iteration that asks `any` goes on.
  explicit Tape(int most_rounds) : most(most_rounds), rounds_left(most_rounds) {}

  const std::vector<Node>& nodes() const { return all; }

  int constant(double value) {
    Node node;
    node.value = value;
    return place_of({Operation::constant, static_cast<int>(std::bit_cast<std::uint64_t>(value) >> 32),
                     static_cast<int>(std::bit_cast<std::uint64_t>(value)), 0},
                    node);
  }

  int input(std::string name) {
    Node node;
    node.operation = Operation::input;
    node.name = std::move(name);
    all.push_back(std::move(node));
    return static_cast<int>(all.size()) - 1;
  }

  int write(Operation operation, int a, int b = -1, int c = -1) {
    if (operation == Operation::select && is_constant(a))
      return all[place(a)].value != 0.0 ? b : c;
    if (is_constant(a) && (b < 0 || is_constant(b)) && operation != Operation::select)
      return constant(value_of(operation, all[place(a)].value, b < 0 ? 0.0 : all[place(b)].value));
    if (operation == Operation::both && (is_constant(a) || is_constant(b))) {
      const bool holds = all[place(is_constant(a) ? a : b)].value != 0.0;
      return holds ? (is_constant(a) ? b : a) : constant(0.0);
    }
    Node node;
    node.operation = operation;
    node.a = a;
    node.b = b;
    node.c = c;
    return place_of({operation, a, b, c}, node);
  }

  /// Whether an iteration goes on; what it computes from here on is guarded by the condition.
  bool go_on(int condition) {
    const bool never = is_constant(condition) && all[place(condition)].value == 0.0;
    if (never || rounds_left == 0) {
      while (open_guards > 0)
        close_guard();
      rounds_left = most;
      return false;
    }
    --rounds_left;
    Node node;
    node.operation = Operation::guard;
    node.a = condition;
    node.depth = open_guards++;
    all.push_back(node);
    return true;
  }

private:
  using Key = std::tuple<Operation, int, int, int>;

  static std::size_t place(int index) { return static_cast<std::size_t>(index); }
  bool is_constant(int index) const { return all[place(index)].operation == Operation::constant; }

  int place_of(const Key& key, Node node) {
    const auto [found, fresh] = known.try_emplace(key, static_cast<int>(all.size()));
    if (!fresh)
      return found->second;
    node.depth = node.operation == Operation::constant ? 0 : open_guards;
    if (node.depth > 0)
      guarded.push_back(key);
    all.push_back(std::move(node));
    return found->second;
  }

  void close_guard() {
    Node node;
    node.operation = Operation::unguard;
    node.depth = --open_guards;
    all.push_back(node);
    if (open_guards == 0) { // what was computed under a guard may not be there after it
      for (const Key& key : guarded)
        known.erase(key);
      guarded.clear();
    }
  }


  std::vector<Node> all;
  std::map<Key, int> known;
  std::vector<Key> guarded;
  int most, rounds_left;
  int open_guards = 0;
};

/// The tape that operations go to; one a thread.
inline thread_local Tape* tape_in_use = nullptr;

struct TraceCondition {
  int place = -1;
  friend TraceCondition operator&&(TraceCondition a, TraceCondition b) {
    return {tape_in_use->write(Operation::both, a.place, b.place)};
  }
  friend bool any(TraceCondition a) { return tape_in_use->go_on(a.place); }
};

struct Trace {
  int place = -1;

  Trace() = default;
  Trace(double constant) : place(tape_in_use->constant(constant)) {}
  static Trace at(int where) {
    Trace trace;
    trace.place = where;
    return trace;
  }

  // Friends defined here take a double on either side by conversion.
  friend Trace operator+(const Trace& a) { return a; }
  friend Trace operator-(const Trace& a) { return write(Operation::negate, a); }
  friend Trace operator+(const Trace& a, const Trace& b) { return write(Operation::add, a, b); }
  friend Trace operator-(const Trace& a, const Trace& b) { return write(Operation::subtract, a, b); }
  friend Trace operator*(const Trace& a, const Trace& b) { return write(Operation::multiply, a, b); }
  friend Trace operator/(const Trace& a, const Trace& b) { return write(Operation::divide, a, b); }
  Trace& operator+=(const Trace& b) { return *this = *this + b; }
  Trace& operator-=(const Trace& b) { return *this = *this - b; }
  Trace& operator*=(const Trace& b) { return *this = *this * b; }
  Trace& operator/=(const Trace& b) { return *this = *this / b; }

  friend TraceCondition operator<(const Trace& a, const Trace& b) { return {write(Operation::less, a, b).place}; }
  friend TraceCondition operator<=(const Trace& a, const Trace& b) { return {write(Operation::less_equal, a, b).place}; }
  friend TraceCondition operator>(const Trace& a, const Trace& b) { return b < a; }
  friend TraceCondition operator>=(const Trace& a, const Trace& b) { return b <= a; }

  friend Trace select(const TraceCondition& condition, const Trace& a, const Trace& b) {
    return at(tape_in_use->write(Operation::select, condition.place, a.place, b.place));
  }
  friend Trace min(const Trace& a, const Trace& b) { return write(Operation::minimum, a, b); }
  friend Trace max(const Trace& a, const Trace& b) { return write(Operation::maximum, a, b); }
  friend Trace abs(const Trace& a) { return write(Operation::absolute, a); }
  friend Trace floor(const Trace& a) { return write(Operation::floor, a); }
  friend Trace sqrt(const Trace& a) { return write(Operation::square_root, a); }
  friend Trace exp(const Trace& a) { return write(Operation::exponential, a); }
  friend Trace log(const Trace& a) { return write(Operation::logarithm, a); }
  friend Trace sin(const Trace& a) { return write(Operation::sine, a); }
  friend Trace cos(const Trace& a) { return write(Operation::cosine, a); }

private:
  static Trace write(Operation operation, const Trace& a, const Trace& b = at(-1)) {
    return at(tape_in_use->write(operation, a.place, b.place));
  }
};

} // namespace limbflow::benchmarks
