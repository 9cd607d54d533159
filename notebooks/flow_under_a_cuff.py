# %% [markdown]
# # What a cuff does to flow
#
# A resting leg, a cuff, and the question that everybody asks: does the cuff stop the blood, or slow it down, or only
# keep it from leaving? The answer depends on how long one waits. Everything here is an estimate of a model.

# %%
import matplotlib.pyplot as plt
import numpy as np

import limbflow
from limbflow import plots

resting = limbflow.Scenario.from_text("""
title = "a resting leg under a thigh cuff"
extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]
posture = "supine"
[cuff]
pressure = "60 %AOP"
during = "all"
[timing]
baseline = "30 s"
passive = "300 s"
recovery = "60 s"
[simulation]
tolerance = "1e-4"
""")

# %% [markdown]
# ## How much pressure shuts the artery
#
# The occlusion pressure (AOP) belongs to a person, a cuff and a posture. A narrow cuff needs far more: less of its
# pressure arrives at the depth of the artery.

# %%
widths = limbflow.sweep(resting, {"cuff.width": "4..18 cm / 8"}, posture=["supine", "seated"], summaries="aop", progress=False)
plots.curves(widths, "aop", x="cuff_width");

# %% [markdown]
# ## Inflow over time
#
# Blood that comes in cannot leave until the veins have filled to the pressure that the cuff puts on them. While they
# fill, inflow falls; then it settles, above zero as long as the cuff is below the occlusion pressure. What had been
# kept away rushes in after release.

# %%
pressures = range(0, 101, 20)
runs = {percent: resting.with_(cuff_pressure=f"{percent} %AOP").run() for percent in pressures}
fig, axes = plt.subplots(2, 1, figsize=(8, 5.5), sharex=True, layout="constrained")
for (percent, run), style in zip(runs.items(), plots.LINE_STYLES, strict=False):
    axes[0].plot(run.time, run.arterial_inflow, label=f"{percent} %AOP", **style)
    axes[1].plot(run.time, run.deep_venous_pressure, label=f"{percent} %AOP", **style)
axes[0].set_ylim(0, 2.5 * float(runs[0].arterial_inflow[0]))
axes[0].set_ylabel("arterial inflow (mL/min)")
axes[1].set_ylabel("deep venous pressure (mmHg)")
axes[1].set_xlabel("time (s)")
axes[0].legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
for ax in axes:
    plots.tidy(ax)

# %% [markdown]
# ## Three studies, three shapes, one leg
#
# Papers disagree about how flow falls with pressure. They looked at different times. Read at thirty seconds, one
# minute or five minutes after the cuff went on, the same leg gives three curves.

# %%
fig, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
rest_flow = float(runs[0].arterial_inflow[0])
for seconds, style in zip((30, 60, 290), plots.LINE_STYLES, strict=False):
    flow = [float(run.arterial_inflow.interp(time=30 + seconds)) / rest_flow for run in runs.values()]
    ax.plot(list(pressures), flow, marker="o", label=f"after {seconds} s", **style)
ax.set_xlabel("cuff pressure (%AOP)")
ax.set_ylabel("inflow over resting inflow")
ax.set_ylim(bottom=0)
ax.legend(frameon=False)
plots.tidy(ax)

# %% [markdown]
# How long the filling takes: the time after which the fall of inflow under the cuff is 63 % done.

# %%
for percent in (40, 60, 80):
    under = runs[percent].arterial_inflow.sel(time=slice(35, 325))
    fall = (under[0] - under) / (under[0] - under[-1])
    seconds = float(under.time[int(np.argmax(fall.values >= 0.63))] - 30)
    print(f"{percent} %AOP: {seconds:.0f} s, settling at {100 * float(under[-1]) / rest_flow:.0f} % of resting inflow")

# %% [markdown]
# ## Inside a heart beat
#
# Above the mean arterial pressure, and below the occlusion pressure, blood still enters: at the peaks of the pulse.
# This needs the pulsatile fidelity, and signals that are not averaged over the beat.

# %%
short = {"passive": "20 s", "recovery": "5 s", "sample_interval": "0.02 s", "fidelity": "pulsatile"}
fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
for percent, style in zip((0, 60, 90), plots.LINE_STYLES, strict=False):
    beat = resting.with_(cuff_pressure=f"{percent} %AOP", **short).run(signals="arterial_inflow", waveforms=True)
    last = beat.sel(time=slice(46, 49))
    ax.plot(last.time, last.arterial_inflow, label=f"{percent} %AOP", **style)
ax.axhline(0, color="0.5", linewidth=0.8)
ax.set_xlabel("time (s)")
ax.set_ylabel("arterial inflow (mL/min)")
ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
plots.tidy(ax)
