// The whole limb along a session, by the scalar loop and the lanes and by CVODE of SUNDIALS on the same equations.
#include "core/instruction_set.hpp"
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/limb.hpp"
#include "models/limb_pools.hpp"
#include "models/protocol.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"
#include "tests/core/segment_ends.hpp"

#include <gtest/gtest.h>

#ifdef LIMBFLOW_SUNDIALS
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sundials/sundials_context.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>
#endif

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

namespace limbflow::models {
namespace {

#ifndef LIMBFLOW_SUNDIALS

TEST(Cvode, AgreesWithTheLimb) { GTEST_SKIP() << "built without SUNDIALS (libsundials-dev)"; }

#else

using Controls = LimbControls<double>;
using Timeline = core::Timeline<Controls>;
using State = core::StateOf<AveragedLimb>;
using Ends = std::vector<State>; // at the end of every segment

struct Problem {
  LimbParameters<double> parameters;
  Timeline timeline{0.0};
  State start;
  double longest_step = std::numeric_limits<double>::infinity();
};

core::IntegrationOptions options_of(const Problem& problem, double tolerance) {
  core::IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;
  options.maximum_step = problem.longest_step;
  return options;
}

template <class M> Ends by_scalar(const Problem& problem, double tolerance) {
  Ends ends;
  std::vector<double> y(problem.start.begin(), problem.start.end());
  core::integrate<M>(y, problem.timeline, problem.parameters, options_of(problem, tolerance), core::SegmentEnds{ends});
  return ends;
}

template <class M> Ends by_lanes(const Problem& problem, double tolerance, core::LanePool<M>& pool) {
  const core::IntegrationOptions options = options_of(problem, tolerance);
  core::LaneSegmentEnds<M> keeper;
  core::LaneRun<M> run{problem.start, &problem.parameters, &problem.timeline, &options, &keeper};
  pool.add(run);
  pool.next();
  return keeper.ends;
}

template <class M> struct System {
  const Problem* problem;
  const core::Segment<Controls>* segment;
  static int rhs(double t, N_Vector y, N_Vector dydt, void* self) {
    const auto* system = static_cast<const System*>(self);
    M::template rhs<double>(t, N_VGetArrayPointer(y), N_VGetArrayPointer(dydt), system->problem->parameters, system->segment->controls);
    return 0;
  }
};

/// Adams' method of order up to 12, the most accurate that CVODE has; stopped at every breakpoint and begun again.
template <class M> Ends by_cvode(const Problem& problem, double tolerance) {
  constexpr auto size = static_cast<sunindextype>(limb_state_count);
  SUNContext context = nullptr;
  SUNContext_Create(nullptr, &context);
  N_Vector y = N_VNew_Serial(size, context);
  N_Vector absolute = N_VNew_Serial(size, context);
  for (std::size_t i = 0; i < limb_state_count; ++i) {
    N_VGetArrayPointer(y)[i] = problem.start[i];
    N_VGetArrayPointer(absolute)[i] = tolerance * limb_states[i].scale;
  }
  void* memory = CVodeCreate(CV_ADAMS, context);
  System<M> system{&problem, &problem.timeline[0]};
  CVodeInit(memory, &System<M>::rhs, problem.timeline.begin(), y);
  CVodeSVtolerances(memory, tolerance, absolute);
  CVodeSetUserData(memory, &system);
  CVodeSetMaxNumSteps(memory, 100'000'000);
  SUNNonlinearSolver fixed_point = SUNNonlinSol_FixedPoint(y, 0, context);
  CVodeSetNonlinearSolver(memory, fixed_point);
  if (std::isfinite(problem.longest_step))
    CVodeSetMaxStep(memory, problem.longest_step);
  Ends ends;
  for (const auto& segment : problem.timeline.segments()) {
    system.segment = &segment;
    CVodeReInit(memory, segment.begin, y);
    CVodeSetStopTime(memory, segment.end);
    double t = segment.begin;
    if (const int flag = CVode(memory, segment.end, y, &t, CV_NORMAL); flag < 0) {
      ADD_FAILURE() << "CVODE gave up at " << t << " s with flag " << flag;
      break;
    }
    EXPECT_EQ(t, segment.end);
    State end;
    std::copy_n(N_VGetArrayPointer(y), limb_state_count, end.begin());
    ends.push_back(end);
  }
  SUNNonlinSolFree(fixed_point);
  CVodeFree(&memory);
  N_VDestroy(absolute);
  N_VDestroy(y);
  SUNContext_Free(&context);
  return ends;
}

struct Difference {
  double largest = 0.0; // of any state at any breakpoint, over its scale and size
  double rms = 0.0;     // largest of the breakpoints' root mean squares over the states
  std::string state;
};

Difference difference(const Ends& found, const Ends& exact) {
  EXPECT_EQ(found.size(), exact.size());
  Difference worst;
  for (std::size_t k = 0; k < std::min(found.size(), exact.size()); ++k) {
    double squares = 0.0;
    for (std::size_t i = 0; i < limb_state_count; ++i) {
      const double error = std::abs(found[k][i] - exact[k][i]) / (limb_states[i].scale + std::abs(exact[k][i]));
      squares += error * error;
      if (error > worst.largest) {
        worst.largest = error;
        worst.state = limb_states[i].name;
      }
    }
    worst.rms = std::max(worst.rms, std::sqrt(squares / static_cast<double>(limb_state_count)));
  }
  return worst;
}

Problem problem_of(const Scenario& scenario, double longest) {
  const RestingLimb rest = resting_limb(limb_parameters(scenario));
  Problem problem;
  problem.parameters = rest.parameters;
  std::copy(rest.state.begin(), rest.state.end(), problem.start.begin());
  problem.start[heart_phase] = rest.parameters.start_phase;
  problem.parameters.occlusion_pressure = occlusion_pressure(rest.parameters, rest.state, scenario.parameters.value("pulse_detection_share"));
  const auto whole = build_protocol(scenario, problem.parameters.occlusion_pressure).timeline;
  problem.timeline = cut(whole, whole.begin(), std::min(whole.end(), longest));
  return problem;
}

template <class M> void compare(const char* fidelity, const Problem& problem, core::LanePool<M>& pool) {
  const Ends cvode = by_cvode<M>(problem, 1e-13);
  // As CVODE: where a rate has a kink (flow passing what it is at rest) a step's error is not what its estimate says.
  const Ends scalar = by_scalar<M>(problem, 1e-13);
  const Ends lanes = by_lanes<M>(problem, 1e-13, pool);
  ASSERT_EQ(scalar.size(), problem.timeline.size());
  for (const auto& [name, ends] : {std::pair("scalar", &scalar), std::pair("lanes", &lanes)}) {
    const Difference found = difference(*ends, cvode);
    std::cout << fidelity << ", " << name << " against CVODE over " << problem.timeline.duration() << " s and " << problem.timeline.size()
              << " breakpoints: largest " << found.largest << " (" << found.state << "), weighted norm " << found.rms << '\n';
    EXPECT_LT(found.rms, 1e-10) << name;
  }
}

TEST(Cvode, AgreesWithTheLimbThroughAWholeSession) {
  const LimbPools pools = limb_pools(core::instruction_set());
  const Scenario session = load_scenario("30-15-15-15");
  compare<AveragedLimb>("averaged", problem_of(session, 1e9), pools.by<AveragedLimb>(Stepper::dopri5));
  Problem beats = problem_of(with(session, {{"timing.baseline", "5 s"}}), 25.0);
  beats.longest_step = longest_pulsatile_step(beats.parameters);
  compare<PulsatileLimb>("pulsatile", beats, pools.by<PulsatileLimb>(Stepper::dopri5));
}

#endif

} // namespace
} // namespace limbflow::models
