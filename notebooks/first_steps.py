# %% [markdown]
# # First steps
#
# limbflow simulates an arm or a leg under a blood-flow-restriction cuff. This notebook runs one session, looks at it,
# changes it, and sweeps the pressure of the cuff. Everything is an estimate of a model; nothing here says that a
# session is safe.

# %%
import limbflow
from limbflow import plots

session = limbflow.load("30-15-15-15")
session

# %% [markdown]
# `limbflow.shipped("people")` and its like name what comes with limbflow. Any value of a scenario can be changed;
# values with a dimension carry their unit, and what cannot be understood is said with what would be.

# %%
try:
    session.with_(cuff_presure="80 %AOP", rest="-5 s")
except limbflow.InputError as error:
    print(error)

# %% [markdown]
# ## One run
#
# The occlusion pressure is measured on the model as one would on a person: the cuff is raised until the pulse beyond
# it is gone. `%AOP` stands for that number.

# %%
print(session.aop())
run = session.run()
plots.run(run);

# %% [markdown]
# The result is an `xarray.Dataset`: signals over `time`, and numbers for each part of the session over `scope`.

# %%
run.arterial_inflow_mean.to_series().round(0)

# %% [markdown]
# ## A passive limb: what a cuff does to flow over time
#
# Without exercise the question that everybody asks has a plain answer. Blood that comes in cannot leave until the
# veins have filled to the pressure that the cuff puts on them; inflow falls while they fill, and settles above zero
# as long as the cuff is below the occlusion pressure. After release it overshoots, the more the longer and the tighter
# the cuff was on; those peaks leave the plot at its top.

# %%
import matplotlib.pyplot as plt

passive = limbflow.Scenario.from_text("""
title = "a resting leg under a thigh cuff"
extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]
posture = "supine"
[cuff]
pressure = "40 %AOP"
during = "all"
[timing]
baseline = "30 s"
passive = "360 s"
recovery = "60 s"
""")
fig, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
for style, percent in zip(plots.LINE_STYLES, (20, 40, 60, 80, 100), strict=False):
    rest = passive.with_(cuff_pressure=f"{percent} %AOP").run()
    ax.plot(rest.time, rest.arterial_inflow, label=f"{percent} %AOP", **style)
ax.set_ylim(0, 1.5 * float(rest.arterial_inflow[0]))
ax.set_xlabel("time (s)")
ax.set_ylabel("arterial inflow (mL/min)")
ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1));

# %% [markdown]
# ## A sweep
#
# Every combination of the points of some axes, computed on all processors; the result has the axes as dims.

# %%
sweep = limbflow.sweep(
    session,
    cuff_pressure="0..100 %AOP / 11",
    load=["10 %1RM", "20 %1RM", "30 %1RM"],
    summaries=["session", "arterial_inflow_mean_rest_*"],
    progress=False,
)
fig, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
plots.curves(sweep, "arterial_inflow_mean_rest_3", family="load", ax=axes[0])
plots.heat_map(sweep, "deep_venous_pressure_maximum", ax=axes[1]);

# %% [markdown]
# `session.run(file="run.h5")` and `limbflow.sweep(..., file="sweep.h5")` keep results as HDF5 files that
# `xarray.open_dataset(path, engine="h5netcdf")` reads anywhere, with the scenario and all parameters inside. A sweep
# that was stopped goes on from its file when it is called again.
