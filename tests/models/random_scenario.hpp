// A person, a limb, a cuff and a session at random, across everything that the reader accepts.
#pragma once

#include "models/scenario.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numbers>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace limbflow::models {

/// Draws one scenario. The number of the draw is its seed, so that it is the same on any thread and in any order.
class Draw {
public:
  Draw(int number, Fidelity fidelity) : random(20260401 + static_cast<std::uint64_t>(number)), averaged(fidelity == Fidelity::averaged) {}

  Scenario scenario(const Scenario& arm, const Scenario& leg) {
    const bool is_arm = chance(0.5);
    const Scenario& base = is_arm ? arm : leg;
    std::map<std::string, std::string> changes;
    const auto set = [&](const char* key, double value, const char* unit) { changes[key] = text(value) + " " + unit; };
    changes["person.sex"] = chance(0.5) ? "man" : "woman";
    set("person.age", between(10, 110), "yr");
    set("person.height", between(100, 230), "cm");
    set("person.mass", between(25, 250), "kg");
    const double diastolic = between(30, 160);
    set("person.diastolic_pressure", diastolic, "mmHg");
    set("person.systolic_pressure", between(std::max(70.0, diastolic + 5.0), 260), "mmHg");
    set("person.heart_rate", between(30, 220), "bpm");
    const std::string limb = is_arm ? "person.arm." : "person.leg.";
    const double circumference = is_arm ? between(12, 70) : between(25, 110);
    const double length = is_arm ? between(15, 55) : between(20, 75);
    set((limb + "circumference").c_str(), circumference, "cm");
    set((limb + "length").c_str(), length, "cm");
    set((limb + "adipose_thickness").c_str(), between(0, 0.49) * circumference / (2.0 * std::numbers::pi), "cm");
    set((limb + "distal_volume").c_str(), is_arm ? between(200, 8000) : between(1000, 40000), "mL");
    changes["posture"] = one_of({"supine", "seated", "standing"});
    set("limb_raised", between(-50, 120), "cm");
    set("environment.external_pressure", chance(0.95) ? 0.0 : between(-80, 150), "mmHg");

    set("cuff.width", between(1, length), "cm");
    changes["cuff.material"] = one_of({"nylon", "elastic"});
    changes["cuff.during"] = one_of({"all", "sets", "rests", "never"});
    if (chance(0.5))
      set("cuff.pressure", between(0, 150), "%AOP");
    else
      set("cuff.pressure", between(0, 400), "mmHg");
    set("cuff.inflation_time", between(0, 20), "s");
    set("cuff.deflation_time", between(0, 20), "s");

    if (!is_arm)
      changes["exercise.muscle"] = one_of({"knee extensors", "plantar flexors"});
    if (chance(0.2))
      set("exercise.load", between(0, 100), "%MVC");
    else
      set("exercise.load", between(0, 150), "%1RM");
    std::ostringstream sets;
    const int count = 1 + static_cast<int>(between(0, averaged ? 3 : 2));
    for (int k = 0; k < count; ++k)
      sets << (k == 0 ? "[" : ", ") << 1 + static_cast<int>(between(0, averaged ? 15 : 4));
    changes["exercise.sets"] = sets.str() + "]";
    changes["exercise.until"] = chance(averaged ? 0.05 : 0.0) ? "failure" : "reps";
    set("exercise.tempo.concentric", between(0.3, 4), "s");
    set("exercise.tempo.eccentric", between(0.3, 4), "s");
    set("exercise.tempo.pause", chance(0.5) ? 0.0 : between(0, 3), "s");
    set("exercise.rest", between(0, averaged ? 60 : 10), "s");
    set("exercise.chest_pressure", chance(0.7) ? 0.0 : between(0, 200), "mmHg");
    set("timing.baseline", between(0, averaged ? 30 : 5), "s");
    set("timing.recovery", between(0, averaged ? 90 : 10), "s");
    changes["simulation.fidelity"] = averaged ? "averaged" : "pulsatile";
    return with(base, changes);
  }

  double between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
  bool chance(double probability) { return between(0, 1) < probability; }

private:
  std::string one_of(const std::vector<std::string>& words) {
    return words[static_cast<std::size_t>(between(0, static_cast<double>(words.size())))];
  }
  static std::string text(double value) {
    std::ostringstream out;
    out.precision(6);
    out << value;
    return out.str();
  }

  std::mt19937_64 random;
  bool averaged;
};

} // namespace limbflow::models
