# %% [markdown]
# # Pressure, load and rest
#
# How much does each of the three matter in 30-15-15-15? A sweep runs every combination, on all processors, and gives
# one dataset with the three as dims. A tolerance of 1e-3 is plenty for pictures and several times as fast as the
# default.

# %%
import matplotlib.pyplot as plt

import limbflow
from limbflow import plots

session = limbflow.load("30-15-15-15").with_(tolerance=1e-3)
sweep = limbflow.sweep(
    session,
    cuff_pressure="0..100 %AOP / 7",
    load="10..40 %1RM / 4",
    rest=["15 s", "30 s", "60 s"],
    summaries=["session", "arterial_inflow_mean_rest_*", "reps_completed"],
    progress=False,
)
dict(sweep.sizes)

# %% [markdown]
# ## At a glance
#
# One summary as curves and as a heat map; the third axis is fixed, and the title says at what.

# %%
plots.sweep(sweep, "muscle_lactate_maximum");

# %% [markdown]
# ## Against published limits
#
# `limbflow.safety.envelope` judges the traces of every combination against published limits. Over any heat map, a
# line goes round the part in which no stop and no warning breaks; stops are hatched. That none breaks does not mean
# that nothing can happen.

# %%
found = limbflow.safety.envelope(session, cuff_pressure="0..100 %AOP / 5", load="10..40 %1RM / 4", progress=False)
plots.heat_map(sweep, "muscle_oxygen_saturation_minimum", limits=found, rest=30);

# %% [markdown]
# ## What is gained for what is given
#
# Metabolic stress against discomfort, along the pressure of the cuff: more pressure at a light load, or more load
# with a soft cuff?

# %%
plots.trade_off(sweep, "muscle_lactate_maximum", "discomfort_maximum", along="cuff_pressure", rest=30);

# %% [markdown]
# ## Rest
#
# A longer rest leaves the muscle less acid at any pressure, and does not make up for a tight cuff.

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
plots.curves(sweep, "arterial_inflow_mean_rest_3", family="rest", ax=axes[0], load=20)
plots.curves(sweep, "muscle_ph_minimum", family="rest", ax=axes[1], load=20);

# %% [markdown]
# ## As a table
#
# Everything is xarray: `to_dataframe` gives pandas, `to_netcdf` a file, and `sel` picks. Members that could not be
# completed would be NaN, with the reason in `status` and `message`.

# %%
sweep[["reps_completed", "muscle_lactate_maximum", "discomfort_maximum"]].sel(rest=30, load=20).to_dataframe().drop(
    columns=["load", "rest"]
).round(1)

# %% [markdown]
# For a fine grid give the sweep a `file`: it keeps what is finished, and goes on from there when it is stopped. On
# many machines, give it a Dask `client`.
