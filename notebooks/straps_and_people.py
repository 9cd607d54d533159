# %% [markdown]
# # Straps and people
#
# The same strap, pulled as tight, does different things to different people. A strap without a gauge does not even
# have one pressure.

# %%
import matplotlib.pyplot as plt

import limbflow
from limbflow import plots

# %% [markdown]
# ## A strap without a gauge
#
# What "seven out of ten" means, between people: a distribution of pressures, against the distribution of pressures
# that shut the artery.

# %%
fig, axes = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
arm, leg = limbflow.strap("arm", tightness=7), limbflow.strap("leg", tightness=7)
plots.strap(arm, ax=axes[0])
plots.strap(leg, ax=axes[1]);

# %% [markdown]
# How likely a strap is to stop the blood altogether, by how tight it feels:

# %%
for tightness in range(4, 11, 2):
    found = limbflow.strap("arm", tightness=tightness)
    low, high = found.full_occlusion_interval
    print(f"{tightness}/10: {found.percent_aop:3.0f} %AOP, full occlusion in {100 * found.full_occlusion:3.0f} % ({100 * low:.0f} to {100 * high:.0f} %)")

# %% [markdown]
# ## People
#
# `limbflow.people` draws people from survey data: sex, age, build and blood pressure, with their correlations. As an
# axis of a sweep, each of them does the session. First, who needs how much pressure:

# %%
session = limbflow.load("30-15-15-15").with_(tolerance=1e-3, sets=[30, 15], baseline="20 s", recovery="20 s")
who = limbflow.sweep(session, person=limbflow.people(24), summaries="aop", progress=False)
axes = plots.samples(who, "aop");

# %% [markdown]
# ## The same number on the gauge
#
# A cuff at 120 mmHg for everybody is a light pressure for one and nearly full occlusion for another. The same per
# cent of each one's own occlusion pressure is a fairer dose.

# %%
kept = ["cuff_pressure_aop_mean_set_1", "arterial_inflow_mean_rest_1", "muscle_oxygen_saturation_minimum"]
people = limbflow.people(24)
same_gauge = limbflow.sweep(session, person=people, cuff_pressure="60..180 mmHg / 4", summaries=kept, progress=False)
same_share = limbflow.sweep(session, person=people, cuff_pressure="40..100 %AOP / 4", summaries=kept, progress=False)
fig, axes = plt.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
for column, dataset in enumerate((same_gauge, same_share)):
    plots.spread(dataset, "cuff_pressure_aop_mean_set_1", ax=axes[0, column])
    plots.spread(dataset, "arterial_inflow_mean_rest_1", ax=axes[1, column])

# %% [markdown]
# Blood pressure rises while one works, so the share of the occlusion pressure falls below what was set at rest. For
# the share of people for whom published limits break: `limbflow.safety.check_population`, or `limbflow check
# --population 1000`.
