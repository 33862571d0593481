"""Mistakes in a configuration that a schema cannot see are said before the first job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from brainconv.errors import InvalidInputError
from brainconv.pipeline.configuration import check_configuration, leave_out
from brainconv.similarity import ESTIMATORS, REPEAT_ESTIMATORS, RESAMPLED_COMPARATORS


def make(**changes: Any) -> dict[str, Any]:
    config: dict[str, Any] = {
        "models": {
            "net": {"name": "alexnet"},
            "twin": {"name": "alexnet", "weights": "random", "seed": 0, "datasets": ["made", "real"]},
            "tuned": {"name": "alexnet", "weights": "runs/a/tuned.pt"},
        },
        "datasets": {
            "made": {"recordings": ["simulated.V1"], "simulate": {"model": "net", "areas": {"V1": "features.0"}}},
            "real": {"recordings": ["tang2018"]},
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = config
        for parent in parents:
            place = place[parent]
        place[last] = value
    return config


def test_a_sound_configuration_passes() -> None:
    check_configuration(make())


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"models__net__datasets": ["reel"]}, r"Model 'net' .*Unknown data set 'reel'. Did you mean 'real'"),
        ({"datasets__real__recordings": ["tang2018", "simulated.V1"]}, r"stands in the data sets 'made' and 'real'"),
        ({"datasets__made__simulate__model": "nett"}, r"Data set 'made' .*generating model 'nett'. Did you mean 'net'"),
        ({"datasets__made__recordings": ["simulated.V4"]}, r"Unknown simulated recording 'simulated.V4'"),
        ({"models__a/p": {"name": "pixels"}}, "The key of a model in the configuration is 'a/p'; expected letters"),
        ({"models__../../../escape": {"name": "pixels"}}, "is '../../../escape'; expected letters, digits"),
        ({"models__50": {"name": "pixel"}}, r"Model '50' .*Unknown model 'pixel'. Did you mean 'pixels'"),
        ({"models__NET": {"name": "pixels"}}, "'net' and 'NET' of the configuration differ in upper and lower case"),
        ({"models__net.fits": {"name": "pixels"}}, "'net.fits' would share files with 'net'"),
        ({"models__q": {"name": "lecture_convnet"}}, "lecture_convnet has no published weights; set weights: random"),
        ({"models__q": {"name": "pixels", "seed": 1}}, "has a seed and the weights 'default'"),
        ({"datasets__b c": {"recordings": ["tang2018.central80"]}}, "key of a data set .* is 'b c'"),
        ({"datasets__made__simulate__areas": {"V1/V2": "x"}}, "area in `simulate` of data set 'made' is 'V1/V2'"),
        ({"datasets__real__recordings": ["tang2019"]}, r"Unknown recording 'tang2019'. Did you mean 'tang2018'"),
        ({"datasets__real__recordings": ["ringach2002"]}, "ringach2002 is a table of cell properties; name it under"),
        (
            {"datasets__real": {"recordings": ["kriegeskorte2008.human_IT"], "analyses": ["predictivity"]}},
            "holds RDMs and no responses; leave predictivity",
        ),
        ({"datasets__real__analyses": ["rsa"]}, "tang2018 has 4 sites and an RDM needs 20"),
        ({"datasets__real__n_stimuli": 99999}, "n_stimuli is 99999"),
        (
            {"datasets__real__analyses": ["predictivity"], "datasets__real__predictivity": {"regression": "pls999999"}},
            "pls999999 needs more of them than components",
        ),
        ({"properties": ["tang2018"]}, "Unknown table of cell properties 'tang2018'. .*ringach2002"),
        ({"models__again": {"name": "alexnet"}}, r"'net' and 'again' .*alexnet with weights 'default': tables"),
        ({"models__again": {"name": "alexnet", "weights": "random"}}, r"'twin' and 'again' .*seed 0"),
        ({"models__again": {"name": "alexnet", "weights": "runs/b/tuned.pt"}}, r"weights 'tuned.pt'.*Rename one"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        check_configuration(make(**changes))


def test_another_seed_or_file_is_another_model() -> None:
    check_configuration(make(models__again={"name": "alexnet", "weights": "random", "seed": 1}))
    check_configuration(make(models__again={"name": "alexnet", "weights": "runs/a/tuned2.pt"}))


def test_our_own_configurations_pass(repository: Path) -> None:
    for path in sorted((repository / "config").glob("*.yaml")):
        check_configuration(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_the_schema_knows_every_estimator_and_comparator(repository: Path) -> None:
    schema = yaml.safe_load((repository / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    named = {key: schema["$defs"][key]["enum"] for key in ("estimator", "target_estimator", "comparator")}
    assert set(named["estimator"]) == set(ESTIMATORS)
    assert set(named["target_estimator"]) == {None, *ESTIMATORS, *REPEAT_ESTIMATORS}
    assert set(named["comparator"]) == set(RESAMPLED_COMPARATORS)


def filled(**changes: Any) -> dict[str, Any]:
    config = make(**changes) | {"properties": ["ringach2002"], "title": "kept"}
    for spec in config["models"].values():
        spec.setdefault("datasets", None)
    return config


def test_a_data_set_that_is_left_out_leaves_no_trace_but_its_name() -> None:
    config = leave_out(filled() | {"without": ["real", "ringach2002"]})
    assert set(config["datasets"]) == {"made"}
    assert config["models"]["twin"]["datasets"] == ["made"]
    assert config["models"]["net"]["datasets"] is None
    assert config["properties"] == []
    assert config["left_out"] == ["tang2018", "ringach2002"]
    assert config["title"] == "kept"


def test_without_nothing_left_out_nothing_changes() -> None:
    config = filled() | {"without": []}
    assert leave_out(config) == config | {"left_out": []}


def test_what_is_left_out_must_be_there() -> None:
    with pytest.raises(InvalidInputError, match=r"Unknown data set 'reel'\. Did you mean 'real'"):
        leave_out(filled() | {"without": ["reel"]})
