# %% [markdown]
# # Calibrating to one person
#
# The model knows an average person of a given build and blood pressure. What was measured on somebody, an occlusion
# pressure, repetitions to failure, a near-infrared trace, can move it towards that person, as far as the measurements
# tell.

# %%
import numpy as np

import limbflow
from limbflow.analysis import Trace, calibrate

session = limbflow.load("failure_sets").with_(sets=[30], recovery="10 s", baseline="20 s")

# %% [markdown]
# Here the measurements come from the model itself, with noise: a person whose muscle has more oxidative capacity, and
# whose blood pressure is higher, than the average man's. So we know what should come out.

# %%
random = np.random.default_rng(4)
somebody = session.with_(systolic_pressure="134 mmHg", oxidative_maximum_1="1.8 mM/s")
truth = somebody.run(signals="muscle_oxygen_saturation")
time = np.arange(5.0, float(truth.time[-1]) - 15, 10.0)
trace = np.interp(time, truth.time, truth.muscle_oxygen_saturation) + random.normal(0, 1.5, time.size)
measured = {
    "aop": f"{float(truth.aop) + random.normal(0, 4):.0f} +- 4 mmHg",
    "repetitions_set_1": f"{float(truth.reps_completed.sel(scope='set_1')):.0f} +- 1.5",
    "muscle_oxygen_saturation": Trace(time, trace + 6, sd=1.5, offset=True),  # the device reads changes, not levels
}
fit = calibrate(session, {"systolic_pressure": "100..160 mmHg", "oxidative_maximum_1": "range"}, measured)
print(fit)

# %% [markdown]
# The truth, 134 mmHg and 1.8 mM/s, should lie within about two standard errors. The misfit says whether the model
# explains the measurements to within their SD (about one or below) or not (well above). The plot shows both, before and
# after.

# %%
fit.plot();

# %% [markdown]
# ## What the measurements do not tell
#
# One occlusion pressure cannot say whether the artery lies deep or the cuff transmits badly. The fit finds some
# answer all the same; the warnings say what it is worth.

# %%
blind = calibrate(
    session,
    {"cuff_transmission_coefficient": "range", "femoral_depth_share": "range"},
    {"aop": "190 +- 5 mmHg"},
)
print(blind)

# %% [markdown]
# What is roughly known helps: a range with "+-" is a prior.

# %%
told = calibrate(
    session,
    {"cuff_transmission_coefficient": "0.23 +- 0.02", "femoral_depth_share": "0.36 +- 0.05"},
    {"aop": "190 +- 5 mmHg"},
)
print(told)

# %% [markdown]
# `fit.scenario` is the session with the fitted values in it: run it, sweep it, check it against limits.

# %%
fit.scenario.with_(cuff_pressure="80 %AOP").run().reps_completed.to_series().dropna()
