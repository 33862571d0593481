from __future__ import annotations

import pytest

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.report import describe_best_layers, describe_profiles


def rows(analysis="predictivity", *, simulated=False, recordings=("cowley2023.210325",), **changes):
    table = []
    for recording in recordings:
        for weights, factor in (("default", 1.0), ("random", 0.4)):
            for place, value in enumerate((0.3, 0.56, 0.5)):
                table.append(
                    {
                        "model": "squeezenet",
                        "weights": weights,
                        "seed": 0 if weights == "random" else None,
                        "layer": f"fire{place}",
                        "layer_index": place,
                        "recording": recording,
                        "area": "V4",
                        "simulated": simulated,
                        "analysis": analysis,
                        "comparator": "rho-a" if analysis == "rsa" else None,
                        "statistic": "median over sites" if analysis == "predictivity" else "mean over subjects",
                        "definition": "r" if analysis == "predictivity" else "rho-a",
                        "value": factor * value,
                        "ci_low": factor * value - 0.05,
                        "ci_high": factor * value + 0.05,
                        "n_stimuli": 950,
                        "n_sites": 63,
                    }
                    | changes
                )
    return Scores.from_rows(table)


def test_profile_caption_says_what_of_how_many_with_which_interval():
    caption, alt = describe_profiles(rows(), ceiling_reason="single repeats are absent", n_boot=1000)
    assert caption == (
        "Score of every layer (r, median over sites), in the order of execution; 950 stimuli, 63 sites. Dashed: the "
        "same network, untrained. Bands and bars: 95 % intervals (bootstrap over stimuli and sites, centred on the "
        "estimate, 1,000 samples). No ceiling: single repeats are absent."
    )
    assert "squeezenet: highest 0.560 at fire1" in alt
    assert "squeezenet, untrained, seed 0: highest 0.224 at fire1" in alt


@pytest.mark.parametrize(("high", "words"), [(0.88, "0.850 to 0.880"), (0.85, "reliability of the sites, 0.850.")])
def test_ceiling_is_given_in_numbers(high, words):
    assert words in describe_profiles(rows(ceiling_low=0.85, ceiling_high=high))[0]


def test_a_ceiling_with_an_interval_is_given_with_it():
    ceiling = {"ceiling_low": 0.76, "ceiling_high": 0.76, "ceiling_ci_low": 0.71, "ceiling_ci_high": 0.8}
    caption, _ = describe_profiles(rows(**ceiling))
    assert caption.endswith("reliability of the sites, 0.760 (95 % interval 0.710 to 0.800).")


def test_rsa_has_its_own_interval_and_ceiling():
    caption, _ = describe_profiles(rows("rsa", ceiling_low=0.2, ceiling_high=0.5))
    assert "(similarity of RDMs (rho-a), mean over subjects)" in caption
    assert "(bootstrap over stimuli)" in caption
    assert "noise ceiling between subjects, 0.200 to 0.500" in caption


def test_simulated_is_said_in_both():
    caption, alt = describe_profiles(rows(simulated=True))
    assert caption.startswith("Score on a simulated recording")
    assert alt.startswith("Score on a simulated recording")
    assert "imulated" not in "".join(describe_profiles(rows()))


def test_no_interval_is_said():
    assert "No interval was computed." in describe_profiles(rows(ci_low=None, ci_high=None))[0]


def test_best_layers_are_confessed_to_be_a_maximum():
    caption, alt = describe_best_layers(rows(recordings=("a", "b")))
    assert "plain maximum over layers" in caption
    assert "comparable only where" in caption
    assert "at fire1 on a" in alt
    assert "at fire1 on b" in alt


def test_chosen_layers_are_not_called_a_maximum():
    table = rows().table
    caption, _ = describe_best_layers(table[table["layer"] == "fire1"])
    assert "maximum" not in caption
    assert "comparable only" not in caption


def test_profiles_of_two_formulas_have_no_caption():
    both = Scores.from_rows([*rows().table.to_dict("records"), *rows("rsa").table.to_dict("records")])
    with pytest.raises(InvalidInputError, match="name it"):
        describe_profiles(both)
