#include "benchmarks/cvode_peers.hpp"

#include "benchmarks/limb_jacobian.hpp"

#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sundials/sundials_context.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

#include <algorithm>
#include <cmath>

namespace limbflow::benchmarks {

namespace {

template <class M>
struct System {
  const Session* session;
  const core::Segment<Controls>* segment;
  models::LimbParameters<LimbDual> parameters;
  models::LimbControls<LimbDual> controls{};
  std::size_t evaluations = 0;

  static int rates(double t, N_Vector y, N_Vector change, void* self) {
    auto* system = static_cast<System*>(self);
    ++system->evaluations;
    M::template rhs<double>(t, N_VGetArrayPointer(y), N_VGetArrayPointer(change), system->session->parameters,
                            system->segment->controls);
    return 0;
  }

  static int jacobian(double t, N_Vector y, N_Vector, SUNMatrix slopes, void* self, N_Vector, N_Vector, N_Vector) {
    const auto* system = static_cast<const System*>(self);
    const auto change = differentiated<M>(t, N_VGetArrayPointer(y), system->parameters, system->controls);
    for (std::size_t j = 0; j < M::state_count; ++j) {
      double* const column = SUNDenseMatrix_Column(slopes, static_cast<sunindextype>(j));
      for (std::size_t i = 0; i < M::state_count; ++i)
        column[i] = change[i].partials[j];
    }
    return 0;
  }
};

/// kind: CV_BDF or CV_ADAMS.
template <class M, int kind>
Attempt by_cvode(const Session& session, double tolerance) {
  constexpr auto size = static_cast<sunindextype>(M::state_count);
  constexpr long most_steps = 10'000'000;
  Attempt attempt;
  const double begin = processor_seconds();
  SUNContext context = nullptr;
  SUNContext_Create(nullptr, &context);
  N_Vector y = N_VNew_Serial(size, context);
  N_Vector absolute = N_VNew_Serial(size, context);
  for (sunindextype i = 0; i < size; ++i) {
    N_VGetArrayPointer(y)[i] = session.start[static_cast<std::size_t>(i)];
    N_VGetArrayPointer(absolute)[i] = tolerance * M::states()[static_cast<std::size_t>(i)].scale;
  }
  void* memory = CVodeCreate(kind, context);
  System<M> system{&session, &session.timeline[0], dual_parameters(session)};
  CVodeInit(memory, &System<M>::rates, session.timeline.begin(), y);
  CVodeSVtolerances(memory, tolerance, absolute);
  CVodeSetUserData(memory, &system);
  CVodeSetMaxNumSteps(memory, most_steps);
  CVodeSetErrFile(memory, nullptr);
  if (std::isfinite(session.longest_step))
    CVodeSetMaxStep(memory, session.longest_step);
  SUNMatrix matrix = SUNDenseMatrix(size, size, context);
  SUNLinearSolver linear = SUNLinSol_Dense(y, matrix, context);
  SUNNonlinearSolver fixed_point = SUNNonlinSol_FixedPoint(y, 0, context);
  if constexpr (kind == CV_BDF) {
    CVodeSetLinearSolver(memory, linear, matrix);
    CVodeSetJacFn(memory, &System<M>::jacobian);
  } else {
    CVodeSetNonlinearSolver(memory, fixed_point);
  }
  for (const auto& segment : session.timeline.segments()) {
    system.segment = &segment;
    if constexpr (kind == CV_BDF)
      system.controls = converted<LimbDual, models::LimbControls>(segment.controls);
    CVodeReInit(memory, segment.begin, y);
    CVodeSetStopTime(memory, segment.end);
    double t = segment.begin;
    if (CVode(memory, segment.end, y, &t, CV_NORMAL) < 0)
      break;
    State end;
    std::copy_n(N_VGetArrayPointer(y), M::state_count, end.begin());
    attempt.ends.push_back(end);
  }
  SUNNonlinSolFree(fixed_point);
  SUNLinSolFree(linear);
  SUNMatDestroy(matrix);
  CVodeFree(&memory);
  N_VDestroy(absolute);
  N_VDestroy(y);
  SUNContext_Free(&context);
  attempt.seconds = processor_seconds() - begin;
  attempt.evaluations = system.evaluations;
  return attempt;
}

template <class M>
Methods methods() {
  return {{"CVODE BDF", by_cvode<M, CV_BDF>}, {"CVODE Adams", by_cvode<M, CV_ADAMS>}};
}

} // namespace

Methods cvode_methods(models::Fidelity fidelity) {
  return fidelity == models::Fidelity::pulsatile ? methods<models::PulsatileLimb>() : methods<models::AveragedLimb>();
}

} // namespace limbflow::benchmarks
