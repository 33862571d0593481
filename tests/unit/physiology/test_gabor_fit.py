"""fit_gabors: known filters, conventions, symmetry, colour, and refusals."""

import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.physiology import fit_gabors, render_gabors
from brainconv.physiology.gabor import compute_gabors
from brainconv.physiology.gabor_fit import GABOR_UNITS


def make_gabor(k=11, *, x0=0.0, y0=0.0, sx=2.0, sy=2.5, theta=0.0, f=0.2, phase=0.0, amplitude=1.0):
    shape = np.array([[x0, y0, sx, sy, np.deg2rad(theta), f]])
    return compute_gabors(shape, np.array([amplitude]), np.array([np.deg2rad(phase)]), k)


def fit_one(picture, **options):
    return fit_gabors(picture, **options).table.iloc[0]


def test_bars_that_stand_have_orientation_90_and_bars_that_lie_have_0():
    assert fit_one(make_gabor(theta=0))["orientation"] == pytest.approx(90, abs=1e-3)
    lying = fit_one(make_gabor(theta=90))["orientation"]
    assert min(lying, 180 - lying) == pytest.approx(0, abs=1e-3)


def test_bars_that_rise_to_the_right_have_orientation_45():
    picture = np.array(
        [[np.cos(2 * np.pi * 0.2 * (row + column - 10) / np.sqrt(2)) for column in range(11)] for row in range(11)]
    )
    assert fit_one(picture[None])["orientation"] == pytest.approx(
        45, abs=0.5
    )  # rows run downwards: row + column constant rises


def test_position_is_right_and_up():
    fit = fit_one(make_gabor(x0=1.5, y0=2.0, sx=1.5, sy=1.5))
    assert (fit["x0"], fit["y0"]) == pytest.approx((1.5, 2.0), abs=1e-3)
    spot = np.zeros((1, 11, 11))
    spot[0, 1:4, 7:10] = 1.0  # above and to the right of the centre
    fit = fit_one(spot)
    assert fit["x0"] > 2
    assert fit["y0"] > 2


@pytest.mark.parametrize(("phase", "folded"), [(0, 0), (180, 0), (90, 90), (-90, 90), (30, 30), (150, 30), (-120, 60)])
def test_phase_is_measured_at_the_envelope_centre_and_folded(phase, folded):
    fit = fit_one(make_gabor(phase=phase, theta=40, x0=0.7, y0=-0.4, sx=2.2, f=0.18))
    assert fit["r2"] == pytest.approx(1.0, abs=1e-9)
    assert np.cos(np.deg2rad(fit["phase"] - phase)) == pytest.approx(1.0, abs=1e-6)
    assert fit["symmetry_phase"] == pytest.approx(folded, abs=0.1)


def test_symmetry_is_undefined_for_few_cycles():
    blob = fit_one(make_gabor(f=0.04, sx=2.0, sy=2.0))
    assert blob["n_x"] < 0.15
    assert np.isnan(blob["symmetry_phase"])
    assert np.isfinite(blob["phase"])


def test_a_negated_filter_turns_its_phase_by_180_degrees_and_nothing_else():
    picture = make_gabor(theta=70, phase=50)
    plain, negated = fit_one(picture), fit_one(-picture)
    assert np.cos(np.deg2rad(plain["phase"] - negated["phase"])) == pytest.approx(-1.0, abs=1e-6)
    for name in ("n_x", "n_y", "orientation", "symmetry_phase", "amplitude", "r2"):
        assert negated[name] == pytest.approx(plain[name], abs=1e-4)


def test_the_scale_of_the_weights_changes_the_amplitude_only():
    noisy = make_gabor(theta=20) + np.random.default_rng(0).normal(0, 0.1, (1, 11, 11))
    small, large = fit_one(noisy * 1e-6), fit_one(noisy * 1e6)
    assert large["amplitude"] / small["amplitude"] == pytest.approx(1e12, rel=1e-6)
    for name in ("r2", "n_x", "n_y", "orientation"):
        assert large[name] == pytest.approx(small[name], rel=1e-6)


@pytest.mark.parametrize("theta", [5, 60, 95, 130, 175])
def test_the_rendered_fit_is_the_filter(theta):
    picture = make_gabor(theta=theta, phase=35, amplitude=3.0)
    coloured = np.array([0.6, 0.0, -0.8])[None, :, None, None] * picture[:, None]
    np.testing.assert_allclose(render_gabors(fit_gabors(picture)), picture, atol=1e-5)
    np.testing.assert_allclose(render_gabors(fit_gabors(coloured), colour=True), coloured, atol=1e-5)


def test_r2_is_that_of_the_rendered_picture_about_the_mean():
    filters = np.random.default_rng(3).normal(size=(6, 7, 7))
    fits = fit_gabors(filters)
    left = ((filters - render_gabors(fits)) ** 2).sum(axis=(1, 2))
    total = ((filters - filters.mean(axis=(1, 2), keepdims=True)) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(fits.table["r2"], 1 - left / total, atol=1e-7)


def test_a_constant_filter_has_no_fit_and_does_not_disturb_the_others():
    picture = make_gabor(7, sx=1.5, sy=1.5)
    fits = fit_gabors(np.concatenate([np.zeros((1, 7, 7)), picture, np.full((1, 7, 7), 0.3)])).table
    assert fits["r2"].isna().tolist() == [True, False, True]
    assert fits.loc[[0, 2], ["n_x", "orientation", "phase", "sigma_x"]].isna().all(axis=None)
    assert fits.loc[1, "r2"] == pytest.approx(1.0)
    assert fits["at_bound"].tolist() == ["", "", ""]
    assert fits.loc[0, "colour_class"] == "none"


def test_a_parameter_on_its_bound_is_named_and_a_cut_envelope_flagged():
    x = np.arange(9) - 4
    grating = np.cos(2 * np.pi * 0.2 * x)[None, None].repeat(9, axis=1)
    fit = fit_one(grating)
    assert "sigma_y_high" in fit["at_bound"].split(",")
    assert fit["truncated"]
    inside = fit_one(make_gabor(11, sx=1.8, sy=2.0))
    assert inside["at_bound"] == ""
    assert not inside["truncated"]


def test_every_measured_column_has_a_unit():
    fits = fit_gabors(make_gabor(7, sx=1.5, sy=1.5))
    assert set(fits.table) - set(fits.units) == {"colour_class", "at_bound", "truncated"}
    assert fits.units == GABOR_UNITS
    assert fits.metadata["kernel_size"] == 7


def test_the_same_seed_gives_the_same_table_and_filters_do_not_affect_each_other():
    filters = np.random.default_rng(0).normal(size=(5, 3, 7, 7))
    one, two = fit_gabors(filters, random_state=4).table, fit_gabors(filters, random_state=4).table
    assert one.equals(two)
    backwards = fit_gabors(filters[::-1], random_state=4).table
    np.testing.assert_allclose(backwards["r2"][::-1], one["r2"], atol=1e-8)


def test_more_starts_never_fit_worse():
    filters = np.random.default_rng(5).normal(size=(20, 7, 7))
    few, many = (fit_gabors(filters, n_starts=n).table["r2"] for n in (6, 18))
    assert (many >= few - 1e-8).all()


def test_a_three_by_three_filter_is_refused():
    with pytest.raises(InvalidInputError, match="9 pixels against the 8 parameters"):
        fit_gabors(np.ones((64, 3, 3, 3)))


def test_too_few_starts_are_refused():
    with pytest.raises(InvalidInputError, match="n_starts is 3; expected at least 6"):
        fit_gabors(make_gabor(), n_starts=3)


def test_rendering_needs_the_whole_table():
    fits = fit_gabors(make_gabor())
    broken = type(fits)("broken", fits.table.drop(columns="phase"), {})
    with pytest.raises(InvalidInputError, match="no column 'phase'"):
        render_gabors(broken)
