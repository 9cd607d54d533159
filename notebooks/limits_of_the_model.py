# %% [markdown]
# # Limits of the model
#
# What the model says is worth what it has been held against. Studies marked *calibrate* were in view when parameters
# were chosen; those marked *validate* were not, and must come out by themselves. Here are some of each; `limbflow
# validate` runs them all.

# %%
import limbflow
from limbflow import plots
from limbflow.validation import all_studies

wanted = ["arm_aop", "thigh_aop_other", "leg_flow_under_cuff", "capillary_refill", "venous_stasis_phases", "arm_flow_under_cuff"]
report = limbflow.validate([study for study in all_studies() if study.id in wanted])
for result in report.results:
    print(f"{result.study.id:24} {result.study.use:10} {result.verdict:12} {result.study.citation[:60]}")

# %% [markdown]
# ## How far off
#
# Each mark is one measured quantity: model minus measurement, in the spread of the measurement. The dark band is met,
# the light one near.

# %%
plots.validation(report);

# %% [markdown]
# ## Why
#
# A miss is a result. Each study says why, as far as it is understood.

# %%
for result in report.results:
    for row in result.evaluation.rows:
        if row.verdict == "missed":
            print(f"{result.study.id}, {row.quantity}: {result.reason(row)}\n")

# %% [markdown]
# ## What it does not do at all
#
# - One limb of one person from published averages: people differ by tens of per cent. *Uncertainty* and *Straps and
#   people* show how far.
# - One muscle group, taken to lie whole below the cuff, against a load in per cent of the strongest lift: no joint
#   and no technique.
# - `discomfort` and `perceived_effort` are indices; neither is what somebody will say.
# - Nothing about weeks of training, healing or pain relief.
# - It judges traces against published limits, and never says that a session is safe.
#
# Repetitions to failure are among its least certain numbers: they add up every error of blood flow, chemistry and
# fatigue. How much a number depends on parameters that nothing measured constrains: `limbflow validate
# --sensitivity`.
