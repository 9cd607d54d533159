#include "models/protocol.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace limbflow::models {

namespace {

/// Breakpoints closer than this are one, s.
constexpr double closest_breakpoints = 1e-9;

constexpr const char* baseline_label = "baseline";
constexpr const char* recovery_label = "recovery";

class ActivityList {
public:
  /// Adds an activity, cut short at `latest`. False if it was cut.
  bool add(double duration, Activity what, const std::string& scope,
           double latest = std::numeric_limits<double>::infinity()) {
    const double whole = end + duration;
    const double until = std::min(whole, latest);
    if (until > end) {
      auto known = std::find(scopes.begin(), scopes.end(), scope);
      if (known == scopes.end())
        known = scopes.insert(scopes.end(), scope);
      what.begin = end;
      what.end = until;
      what.scope = static_cast<int>(known - scopes.begin());
      list.push_back(std::move(what));
      end = until;
    }
    return !(latest < whole - closest_breakpoints);
  }
  bool add(double duration, const std::string& label) {
    Activity what;
    what.label = label;
    return add(duration, what, label);
  }

  std::vector<Activity> list;
  std::vector<std::string> scopes;
  std::vector<int> repetitions; // completed in each set
  double end = 0;
};

/// Name of a muscle group in the parameter tables.
std::string table_name(MuscleGroup group) {
  std::string name(name_of(group));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

/// What one phase of an exercise asks of the muscle. A load lifted through the movement carries the limb's own weight with it; a force
/// held against a dynamometer does not.
struct Effort {
  double force;           // fraction of a fresh maximal voluntary contraction
  double velocity_factor; // force at the speed of the movement over isometric force at the same drive
  double slowest_velocity_factor; // the same at the speed of the slowest movement that still does the task
  double cost_factor;     // ATP of activation over that of an isometric contraction
  double work_cost;       // ATP for shortening work at the force of a fresh maximal contraction, mM/s
};

double force_of(const Scenario& scenario, const Exercise& exercise) {
  const double weight = scenario.parameters.value(table_name(exercise.muscle) + "_limb_weight");
  if (exercise.load_of_mvc)
    return exercise.hold_s > 0.0 ? exercise.load : exercise.load + weight;
  return weight + (scenario.parameters.value("one_repetition_maximum_of_contraction") - weight) * exercise.load;
}

/// Hill's relation of force and speed, over isometric force. speed: of shortening over that without load, at most `fastest`.
double shortening_force(double speed, double curvature) {
  constexpr double fastest = 0.9;
  const double v = std::min(speed, fastest);
  return (1.0 - v) / (1.0 + v / curvature);
}

Effort shortening(const Scenario& scenario, const Exercise& exercise) {
  const auto number = [&](const std::string& name) { return scenario.parameters.value(name); };
  const std::string group = table_name(exercise.muscle);
  const double work = number(group + "_work") / exercise.concentric_s; // J/L/s at the force of a maximal contraction
  const auto factor = [&](double lift) {
    return shortening_force(number(group + "_shortening_time") / lift, number("force_velocity_curvature"));
  };
  return {force_of(scenario, exercise), factor(exercise.concentric_s), factor(std::max(exercise.concentric_s, number("slowest_lift"))),
          1.0, work / (number("shortening_efficiency") * number("atp_free_energy"))};
}

Effort lengthening(const Scenario& scenario, const Exercise& exercise) {
  const auto number = [&](const char* name) { return scenario.parameters.value(name); };
  const double factor = number("lengthening_force");
  return {force_of(scenario, exercise), factor, factor, number("lengthening_cost"), 0.0};
}

Effort holding(const Scenario& scenario, const Exercise& exercise) { return {force_of(scenario, exercise), 1.0, 1.0, 1.0, 0.0}; }

/// One set, until its repetitions are done or until `latest`.
void add_set(ActivityList& activities, const Scenario& scenario, const Exercise& exercise, int planned, int set,
             double latest) {
  const std::string name = "set " + std::to_string(set);
  Activity pause;
  pause.label = name + " pause";
  pause.set = set;
  Activity working;
  working.set = set;
  const auto contraction = [&](const char* phase, const Effort& effort, double chest) {
    working.label = name + " " + phase;
    working.force = effort.force;
    working.velocity_factor = effort.velocity_factor;
    working.slowest_velocity_factor = effort.slowest_velocity_factor;
    working.cost_factor = effort.cost_factor;
    working.work_cost = effort.work_cost;
    working.chest_pressure = chest;
    return working;
  };
  const auto movement = [&](const char* phase, const Effort& effort, double chest, double from, double to, double duration) {
    contraction(phase, effort, chest);
    working.shortening_begin = from;
    working.shortening_rate = (to - from) / duration;
    return working;
  };
  activities.repetitions.push_back(0);
  const int most = exercise.until == SetEnd::failure ? most_repetitions_to_failure : planned;
  for (int repetition = 0; repetition < most; ++repetition) {
    bool whole = true;
    if (exercise.hold_s > 0.0)
      whole = activities.add(exercise.hold_s, contraction("hold", holding(scenario, exercise), exercise.chest_pressure_mmHg),
                             name, latest);
    else
      whole = activities.add(exercise.concentric_s,
                             movement("concentric", shortening(scenario, exercise), exercise.chest_pressure_mmHg, 0.0, 1.0,
                                      exercise.concentric_s),
                             name, latest) &&
              activities.add(exercise.eccentric_s,
                             movement("eccentric", lengthening(scenario, exercise), 0.0, 1.0, 0.0, exercise.eccentric_s), name,
                             latest);
    if (!whole)
      return;
    ++activities.repetitions.back();
    if (!activities.add(exercise.pause_s, pause, name, latest))
      return;
  }
}

ActivityList activities_of(const Scenario& scenario, const std::vector<double>& set_ends) {
  ActivityList activities;
  activities.add(scenario.baseline_s, baseline_label);
  activities.add(scenario.passive_s, "passive");
  int set = 0;
  for (const Exercise& exercise : scenario.exercises) {
    activities.add(exercise.rest_before_s, "rest before set " + std::to_string(set + 1));
    for (std::size_t k = 0; k < exercise.sets.size(); ++k) {
      ++set;
      const auto index = static_cast<std::size_t>(set) - 1;
      add_set(activities, scenario, exercise, exercise.sets[k], set,
              index < set_ends.size() ? set_ends[index] : std::numeric_limits<double>::infinity());
      if (k + 1 < exercise.sets.size())
        activities.add(exercise.rest_s, "rest " + std::to_string(set));
    }
  }
  activities.add(scenario.recovery_s, recovery_label);
  return activities;
}

struct SetPoint {
  double time;
  double pressure; // mmHg
};

/// What is asked of the cuff, in order of time.
std::vector<SetPoint> set_points(const Scenario& scenario, const ActivityList& activities, double occlusion_pressure) {
  const auto in_mmhg = [&](const CuffPressure& pressure) {
    return pressure.relative ? pressure.value * occlusion_pressure : pressure.value;
  };
  std::vector<SetPoint> points;
  if (!scenario.has_cuff || scenario.during == CuffDuring::never)
    return points;
  const double on = scenario.baseline_s;
  const double off = activities.end - scenario.recovery_s;
  const double pressure = in_mmhg(scenario.pressure);
  switch (scenario.during) {
  case CuffDuring::never: break;
  case CuffDuring::all:
    points = {{on, pressure}, {off, 0.0}};
    break;
  case CuffDuring::profile:
    for (const CuffPoint& point : scenario.profile)
      points.push_back({on + point.time_s, in_mmhg(point.pressure)});
    if (scenario.recovery_s > 0.0) {
      std::erase_if(points, [&](const SetPoint& point) { return point.time >= off; });
      points.push_back({off, 0.0});
    }
    break;
  case CuffDuring::sets:
  case CuffDuring::rests: {
    double current = 0.0;
    for (const Activity& activity : activities.list) {
      const bool in_set = activity.set > 0;
      const bool in_rest = !in_set && activity.label != baseline_label && activity.label != recovery_label;
      const bool wanted = scenario.during == CuffDuring::sets ? in_set : in_rest;
      const double target = wanted ? pressure : 0.0;
      if (target != current)
        points.push_back({activity.begin, target});
      current = target;
    }
    break;
  }
  }
  return points;
}

/// The delivered pressure as a chain of straight lines: (time, pressure) corners and the set point from each corner on.
struct Corner {
  double time;
  double pressure;
  double set_point;
};

std::vector<Corner> course_of(const std::vector<SetPoint>& points, const Cuff& cuff) {
  std::vector<Corner> corners{{0.0, 0.0, 0.0}};
  const auto pressure_at = [&](double time) {
    const auto later = std::upper_bound(corners.begin(), corners.end(), time,
                                        [](double t, const Corner& corner) { return t < corner.time; });
    const Corner& before = *std::prev(later);
    if (later == corners.end())
      return before.pressure;
    return before.pressure + (later->pressure - before.pressure) * (time - before.time) / (later->time - before.time);
  };
  for (const SetPoint& point : points) {
    const double from = pressure_at(point.time);
    std::erase_if(corners, [&](const Corner& corner) { return corner.time >= point.time && corner.time > 0.0; });
    if (point.time <= 0.0)
      corners.clear();
    corners.push_back({point.time, from, point.pressure});
    const double ramp = point.pressure > from ? cuff.inflation_time_s : cuff.deflation_time_s;
    corners.push_back({point.time + std::max(ramp, closest_breakpoints), point.pressure, point.pressure});
  }
  return corners;
}

} // namespace

Protocol build_protocol(const Scenario& scenario, double occlusion_pressure, const std::vector<double>& set_ends) {
  const ActivityList activities = activities_of(scenario, set_ends);
  const std::vector<Corner> corners =
      course_of(set_points(scenario, activities, occlusion_pressure), scenario.cuff);

  // Of two times that differ by rounding, that of an activity counts: a set that cannot begin is found by its begin.
  std::vector<double> cuts;
  const auto cut_at = [&](double time) {
    constexpr double apart = 2.0 * closest_breakpoints;
    const auto after = std::lower_bound(cuts.begin(), cuts.end(), time);
    if ((after == cuts.end() || *after - time > apart) && (after == cuts.begin() || time - *std::prev(after) > apart))
      cuts.insert(after, time);
  };
  cut_at(0.0);
  for (const Activity& activity : activities.list)
    cut_at(activity.begin);
  cut_at(activities.end);
  for (const Corner& corner : corners)
    if (corner.time > 0.0 && corner.time < activities.end)
      cut_at(corner.time);
  if (activities.end > 0.0)
    cuts.back() = activities.end;

  Protocol protocol;
  protocol.activities = activities.list;
  protocol.scopes = activities.scopes;
  protocol.repetitions = activities.repetitions;
  std::vector<core::Segment<LimbControls<double>>> segments;
  std::size_t activity = 0;
  std::size_t corner = 0;
  for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
    const double begin = cuts[k];
    const double end = cuts[k + 1];
    const double middle = 0.5 * (begin + end);
    while (activity + 1 < activities.list.size() && activities.list[activity].end <= middle)
      ++activity;
    while (corner + 1 < corners.size() && corners[corner + 1].time <= middle)
      ++corner;
    const Activity& doing = activities.list[activity];
    LimbControls<double> controls;
    controls.segment_begin = begin;
    controls.force = doing.force;
    controls.shortening_begin = doing.shortening_begin + doing.shortening_rate * (begin - doing.begin);
    controls.shortening_rate = doing.shortening_rate;
    controls.velocity_factor = doing.velocity_factor;
    controls.slowest_velocity_factor = doing.slowest_velocity_factor;
    controls.cost_factor = doing.cost_factor;
    controls.work_cost = doing.work_cost;
    controls.chest_pressure = doing.chest_pressure;
    controls.external_pressure = scenario.external_pressure_mmHg;
    controls.cuff_pressure_set = corners[corner].set_point;
    controls.cuff_pressure_begin = corners[corner].pressure;
    if (corner + 1 < corners.size()) {
      const Corner& from = corners[corner];
      const Corner& to = corners[corner + 1];
      controls.cuff_pressure_rate = (to.pressure - from.pressure) / (to.time - from.time);
      controls.cuff_pressure_begin += controls.cuff_pressure_rate * (begin - from.time);
    }
    if (controls.cuff_pressure_set > 0.0)
      protocol.cuff_on_time += end - begin;
    segments.push_back({begin, end, controls, doing.label, doing.scope});
  }
  if (!segments.empty())
    protocol.timeline = core::Timeline<LimbControls<double>>(std::move(segments));
  return protocol;
}

} // namespace limbflow::models
