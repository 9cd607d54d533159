# %% [markdown]
# # Uncertainty
#
# Every parameter of the model has a range and a source. How far does an answer move when they do, and which of them
# move it?

# %%
import numpy as np

import limbflow
from limbflow import plots
from limbflow.analysis import morris, sobol

session = limbflow.load("30-15-15-15").with_(tolerance=1e-3, sets=[30, 15], baseline="20 s", recovery="20 s")
outcome = "muscle_lactate_maximum"

# %% [markdown]
# ## Screening
#
# Morris's method moves one input at a time over its range, from several starting points. `None` would take all
# parameters that the session sees, each over its own range (some minutes); here are eight.

# %%
names = ["glycolytic_maximum_2a", "oxidative_maximum_1", "lactate_transport", "contraction_cost_2a"]
names += ["first_unit_force", "muscle_maximum_dilation", "vein_stiffness", "vessel_open"]
screened = morris(session, dict.fromkeys(names, "range"), outcome, trajectories=4, progress=False)
table = screened.sel(summary=outcome)[["mean_absolute_effect", "spread_of_effect"]]
table.reset_coords(drop=True).to_dataframe().sort_values("mean_absolute_effect", ascending=False).round(2).head(6)

# %% [markdown]
# Effects are in the unit of the outcome, for a move over the whole range. Where the spread is as large as the effect,
# it depends on where the others are.
#
# ## Shares of variance
#
# Sobol's indices of those that matter: `first_order` is the share of the variance that an input explains alone,
# `total` that in which it has a part. The confidence is half of the 95 % interval; more samples narrow it.

# %%
most = screened.input.values[np.argsort(-screened.mean_absolute_effect.values[0])][:2]
ranges = {str(name): "range" for name in most} | {"load": "20 +- 3 %1RM"}
shares = sobol(session, ranges, outcome, samples=32, progress=False)
shares.sel(summary=outcome)[["first_order", "total", "total_confidence"]].reset_coords(drop=True).to_dataframe().round(2)

# %% [markdown]
# ## How sure is one number?
#
# The same ranges as an axis of a sweep, against the pressure of the cuff: the line is the median, the bands hold half
# and nine tenths of the samples.

# %%
drawn = limbflow.sweep(
    session,
    limbflow.sample(24, {name: text for name, text in ranges.items()}),
    cuff_pressure="0..100 %AOP / 3",
    summaries=outcome,
    progress=False,
)
plots.spread(drawn, outcome);

# %% [markdown]
# The ranges are wide, from what studies found in different people, so this is mostly the spread between people and
# labs. Measurements on one person narrow it: see *Calibrating to one person*.
