import matplotlib.pyplot as plt
import numpy as np
import pytest

import limbflow


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def swept(short_scenario):
    return limbflow.sweep(
        short_scenario, cuff_pressure="0..80 %AOP / 3", rest=["5 s", "10 s"], person=["adult_man", "adult_woman"]
    )


def test_run_at_a_glance_has_units_on_every_axis_and_bands_for_sets(short_run):
    axes = limbflow.plots.run(short_run)
    assert [ax.get_ylabel() for ax in axes][:3] == ["mmHg", "mmHg", "mL/min"]
    assert all(ax.get_ylabel() for ax in axes)
    assert axes[-1].get_xlabel() == "time (s)"
    for ax in axes:
        bands = [patch for patch in ax.patches if patch.get_alpha() is None]
        assert len(bands) == 2
    assert axes[0].lines[0].get_xdata()[-1] == short_run.time[-1]


def test_run_says_what_was_run_and_what_the_bands_are(short_run):
    axes = limbflow.plots.run(short_run)
    heading = axes[0].figure.get_suptitle()
    assert short_run.attrs["title"] in heading
    assert "%AOP" in heading
    assert "%1RM" in heading
    assert "set" in [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert limbflow.plots.settings_of(short_run.assign_attrs(scenario="not a scenario")) == []


def test_every_spike_that_is_cut_says_how_high_it_goes():
    ax = plt.figure().add_subplot()
    values = np.ones(1000)
    values[[100, 101, 500]] = [40, 50, 70]
    ax.plot(values)
    limbflow.plots.limit_height(ax, "mL/min")
    assert ax.get_ylim() == (0, 1.3)
    assert [text.get_text() for text in ax.texts] == ["up to 50 mL/min", "up to 70 mL/min"]


def test_run_draws_on_the_axes_given(short_run):
    figure, given = plt.subplots(2, 1)
    panels = [("Flow", ("arterial_inflow",)), ("Force", ("force",))]
    returned = limbflow.plots.run(short_run, given, panels)
    assert list(returned) == list(given)
    with pytest.raises(limbflow.InputError, match="2 panels"):
        limbflow.plots.run(short_run, figure.add_subplot(), panels)


def test_heat_map(swept):
    ax = limbflow.plots.heat_map(swept, "arterial_inflow_mean", person="adult_woman")
    assert ax.get_xlabel() == "cuff pressure (%AOP)"
    assert ax.get_ylabel() == "rest (s)"
    assert "adult_woman" in ax.get_title(loc="left")
    given = plt.figure().add_subplot()
    assert limbflow.plots.heat_map(swept, "arterial_inflow_mean", x="rest", y="cuff_pressure", ax=given) is given


def test_labels_of_contours_do_not_overlap():
    ax = plt.figure().add_subplot()
    x, y = np.linspace(0, 100, 11), np.array([10.0, 20.0, 30.0])
    values = np.ma.masked_invalid(np.tile(np.where(x < 95, x, 0.0), (3, 1)))
    limbflow.plots.draw_contours(ax, x, y, values)
    places = [ax.transData.transform(text.get_position()) for text in ax.texts]
    assert places
    gaps = [np.hypot(*(one - other)) for i, one in enumerate(places) for other in places[:i]]
    assert min(gaps) >= 0.3 * ax.figure.dpi


def test_curves(swept):
    ax = limbflow.plots.curves(swept, "arterial_inflow_mean", family="person", rest=10)
    assert len(ax.lines) == 2
    assert "mL/min" in ax.get_ylabel()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["adult_man", "adult_woman"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), swept.arterial_inflow_mean.sel(person="adult_man", rest=10))


def test_of_many_curves_those_are_drawn_that_can_be_told_apart(swept):
    fine = swept.arterial_inflow_mean.sel(person="adult_man").interp(rest=np.linspace(5, 10, 40)).to_dataset()
    ax = limbflow.plots.curves(fine, "arterial_inflow_mean", family="rest")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == len(limbflow.plots.LINE_STYLES)
    assert labels[0] == "5 s"
    assert labels[-1] == "10 s"


def test_lines_differ_in_lightness_or_dash():
    styles = [(style["color"], str(style["linestyle"])) for style in limbflow.plots.LINE_STYLES]
    assert len({dash for _, dash in styles}) >= 6
    assert len({colour for colour, _ in styles}) == len(styles)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"variable": "arterial_inflow_meen"}, "arterial_inflow_mean"),
        ({"variable": "arterial_inflow_mean", "x": "person"}, "numeric"),
        ({"variable": "arterial_inflow_mean", "load": 20}, "load"),
    ],
)
def test_what_cannot_be_drawn_is_said(swept, arguments, words):
    with pytest.raises(limbflow.InputError, match=words):
        limbflow.plots.heat_map(swept, **arguments)


def test_heat_map_crosses_out_what_failed(short_scenario):
    dataset = limbflow.sweep(
        short_scenario, {"cuff.width": "10..22 cm / 3", "person.leg.length": "20..26 cm / 3"}, summaries="aop"
    )
    ax = limbflow.plots.heat_map(dataset, "aop")
    assert "1 not completed" in ax.get_title(loc="left")
    assert [c.get_hatch() for c in ax.collections if c.get_hatch()] == ["xx"]


def test_heat_map_hatches_failed_sets_and_numbers_few_cells(short_scenario):
    long_sets = short_scenario.with_(sets=[12, 12], tolerance=1e-3)
    dataset = limbflow.sweep(long_sets, load="20..90 %1RM / 3", cuff_pressure="40, 90 %AOP")
    failed = np.isfinite(dataset.time_to_failure)
    assert 0 < int(failed.sum()) < failed.size
    ax = limbflow.plots.heat_map(dataset, "muscle_lactate_maximum")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a set failed"]
    hatched = next(each for each in ax.collections if each.get_hatch())
    assert len(hatched.get_paths()) == int(failed.sum())
    numbers = {text.get_text() for text in ax.texts}
    assert numbers == {limbflow.plots.number_text(float(value)) for value in dataset.muscle_lactate_maximum.values.flat}
    alone = limbflow.plots.heat_map(dataset[["muscle_lactate_maximum"]], "muscle_lactate_maximum")
    assert alone.get_legend() is None


def test_maps_of_many_cells_have_contours_and_no_numbers(swept):
    points = {"rest": np.linspace(5, 10, 7), "cuff_pressure": np.linspace(0, 80, 13)}
    fine = swept.arterial_inflow_mean.sel(person="adult_man").interp(points).to_dataset()
    ax = limbflow.plots.heat_map(fine, "arterial_inflow_mean")
    assert 0 < len(ax.texts) < 30


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("muscle_ph", "muscle pH"),
        ("atp", "ATP"),
        ("emg_amplitude", "EMG amplitude"),
        ("tissue_po2", "tissue PO2"),
        ("exercise.rest", "rest"),
        ("cuff.width", "cuff width"),
        ("parameters.muscle_buffer", "muscle buffer"),
        ("mvc_change", "change of MVC"),
    ],
)
def test_names_are_shown_as_people_write_them(name, words):
    assert limbflow.plots.display_name(name) == words


def test_every_signal_has_a_name_without_lower_case_acronyms():
    for signal in limbflow._engine.signals():
        words = limbflow.plots.display_name(signal.name).split()
        assert not {"ph", "atp", "emg", "mvc", "aop", "po2"} & set(words)
        assert "_" not in "".join(words)


def test_heat_map_shows_where_limits_break(swept, short_scenario):
    found = limbflow.safety.envelope(short_scenario, cuff_pressure="0..180 %AOP / 3", rest=["5 s", "10 s"])
    ax = limbflow.plots.heat_map(swept, "arterial_inflow_mean", limits=found)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "a stop breaks" in words
    other = limbflow.sweep(short_scenario, age="20, 30 yr", rest="5, 10 s", summaries="aop")
    with pytest.raises(limbflow.InputError, match="age"):
        limbflow.plots.heat_map(other, "aop", limits=found)


def test_trade_off(swept):
    ax = limbflow.plots.trade_off(swept, "arterial_inflow_mean", "muscle_lactate_maximum", family="person", rest=10)
    member = swept.sel(person="adult_man", rest=10)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), member.arterial_inflow_mean)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), member.muscle_lactate_maximum)
    assert "mL/min" in ax.get_xlabel()
    assert "mM" in ax.get_ylabel()
    assert {text.get_text() for text in ax.texts} == {"0 %AOP", "80 %AOP"}
    given = plt.figure().add_subplot()
    assert limbflow.plots.trade_off(swept, "arterial_inflow_mean", "muscle_lactate_maximum", ax=given) is given


@pytest.fixture(scope="module")
def drawn(short_scenario):
    return limbflow.sweep(
        short_scenario,
        limbflow.sample(12, load="15..35 %1RM", systolic_pressure="110..140 mmHg"),
        cuff_pressure="30, 60 %AOP",
        summaries=["aop", "force_maximum"],
    )


def test_samples_put_what_matters_first(drawn):
    axes = limbflow.plots.samples(drawn, "aop", cuff_pressure=60)
    assert axes[0].get_xlabel() == "systolic pressure (mmHg)"
    assert "+1.00" in axes[0].get_title(loc="left")
    assert "mmHg" in axes[0].get_ylabel()
    assert limbflow.plots.sweep(drawn, "aop")[0].get_xlabel() == "cuff pressure (%AOP)"
    one = limbflow.plots.sweep(drawn.isel(cuff_pressure=0), "force_maximum")
    assert one[0].get_xlabel() == "load (%1RM)"


def test_spread(drawn):
    ax = limbflow.plots.spread(drawn, "force_maximum")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), drawn.force_maximum.median("member"))
    assert ax.get_xlabel() == "cuff pressure (%AOP)"
    assert "12 members" in ax.get_title(loc="left")


def test_samples_and_spread_need_what_was_drawn(swept):
    for draw in (limbflow.plots.samples, limbflow.plots.spread):
        with pytest.raises(limbflow.InputError, match="people"):
            draw(swept, "arterial_inflow_mean")


def test_validation_shows_every_error():
    studies = [study for study in limbflow.validation.all_studies() if study.id in ("arm_aop", "thigh_aop_other")]
    report = limbflow.validate(studies)
    axes = limbflow.plots.validation(report)
    assert [len(ax.get_yticks()) for ax in axes] == [
        sum(row.error is not None for row in result.evaluation.rows) for result in report.results
    ]
    assert "SD" in axes[-1].get_xlabel()
    assert len(limbflow.plots.validation(report, study="arm_aop")) == 1
    with pytest.raises(limbflow.InputError, match="rows"):
        limbflow.plots.validation(report, study="capillary_refill")
