# %% [markdown]
# # Writing your own scenario
#
# A scenario is a small text file: who, which cuff, what to do. Every value with a dimension carries its unit. Save it
# as `my_session.toml`, and `limbflow run my_session.toml` or `limbflow.load("my_session.toml")` runs it; here the
# text stays in the notebook.

# %%
import limbflow
from limbflow import plots

text = """
title = "Biceps curls, cuff off in the rests"
extends = ["people/adult_woman.toml", "cuffs/wide_arm.toml"]
posture = "standing"

[person]                        # replaces what differs from the shipped woman
systolic_pressure = "112 mmHg"

[exercise]
name = "biceps curl"
load = "25 %1RM"
sets = [25, 15, 15]
tempo = { concentric = "1 s", eccentric = "2 s" }
rest = "45 s"

[cuff]
pressure = "70 %AOP"
during = "sets"                 # or "all", "rests", "profile"

[timing]
baseline = "30 s"
recovery = "60 s"

[[measure]]                     # a test at that time of the run
kind = "capillary_refill"
at = "100 s"
"""
session = limbflow.Scenario.from_text(text, "my_session.toml")
session

# %%
run = session.run()
plots.run(run);

# %% [markdown]
# ## When something is wrong
#
# All problems are said at once, each with its line, what is accepted, and the nearest key.

# %%
try:
    limbflow.Scenario.from_text(
        text.replace("25 %1RM", "25").replace("rest =", "rests =").replace('"1 s"', '"1 min"'), "my_session.toml"
    )
except limbflow.InputError as error:
    print(error)

# %% [markdown]
# ## Changing one thing
#
# `with_` gives a changed copy: by a short name, by any key of the file with its dots, or by a parameter of the model.

# %%
other = session.with_(during="all", rest="30 s", **{"person.arm.circumference": "27 cm"})
print(session.aop(), "|", other.aop())
other.run().arterial_inflow_mean.to_series().round(0)

# %% [markdown]
# ## Against published limits

# %%
print(limbflow.check(other).verdict)

# %% [markdown]
# ## Sliders
#
# In a live notebook `limbflow.panel(session)` shows sliders for cuff, load, rest and person, and curves that follow
# them. `scenarios/README.md` lists every key of a scenario; `limbflow list` names people, cuffs and protocols to
# extend.
