"""What a schema refuses is one sentence, and the command line's texts become numbers where numbers belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from brainconv.errors import InvalidInputError
from brainconv.pipeline.configuration import quote_interpreter, read_configuration
from brainconv.pipeline.schema import check_schema, read_command_line
from brainconv.predictivity.regressions import find_regression


@pytest.fixture(scope="module")
def schema(repository: Path) -> Any:
    return yaml.safe_load((repository / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))


def make(text: str = "") -> dict[str, Any]:
    base = (
        "{title: t, models: {net: {name: pixels}}, datasets: {d: {recordings: [tang2018], analyses: [predictivity]}}}"
    )
    return {**yaml.safe_load(base), **(yaml.safe_load(text) or {})}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "models: {50: {name: pixels}}",
            "The key in `models` of the configuration is 50, which YAML reads as a number",
        ),
        ("models: {no: {name: pixels}}", "is yes, no, on, off, true or false, which YAML reads as true or false"),
        ("models: {2015-01-01: {name: pixels}}", "which YAML reads as a date; expected text: put it in quotes"),
        ("models: {~: {name: pixels}}", "is None, which YAML reads as nothing"),
        ("models: {net: ~}", "`models.net` of the configuration is None; expected a mapping"),
        ("models: {net: [pixels]}", "`models.net` of the configuration is ['pixels']; expected a mapping"),
        ("models: {net: {nam: pixels}}", "`models.net` of the configuration lacks 'name'"),
        ("models: {net: {name: pixels, weigths: random}}", "'weigths'. Did you mean 'weights'?"),
        ("models: {net: {name: 2015}}", "`models.net.name` of the configuration is 2015; expected text"),
        ("models: {net: {name: pixels, layers: []}}", "`models.net.layers` of the configuration is an empty list"),
        ("models: {net: {name: pixels, layers: [a, a]}}", "has 'a' more than once; name each once"),
        ("models: {}", "`models` of the configuration is empty; expected at least 1"),
        ("rsa: {n_boot: -1}", "`rsa.n_boot` of the configuration is -1; expected a whole number of at least 0"),
        ("rsa: {n_boot: yes}", "`rsa.n_boot` of the configuration is True; expected a whole number"),
        ("rsa: {n_boot: 1.5}", "is 1.5; expected a whole number"),
        ("rsa: {n_boot: many}", "is 'many'; expected a whole number"),
        (
            "rsa: {comparators: [spearmann]}",
            "`rsa.comparators[0]` of the configuration is 'spearmann'; expected pearson",
        ),
        ("rsa: {estimator: ~}", "`rsa.estimator` of the configuration is None; expected correlation"),
        ("predictivity: {regression: pls0}", "is 'pls0'; expected such as ridge, pls25, pcr100"),
        ("predictivity: {regression: lasso}", "is 'lasso'; expected such as ridge"),
        ("predictivity: {splits: kfold1}", "is 'kfold1'; expected such as kfold10, group, brainscore"),
        ("extraction: {scratch_gb: .nan}", "is nan; expected a number or null above 0"),
        ("extraction: {batch_size: 0}", "is 0; expected a whole number of at least 1"),
        ("device: tpu", "`device` of the configuration is 'tpu'; expected auto or cpu or cuda or mps"),
        ("seed: -1", "`seed` of the configuration is -1; expected a whole number of at least 0"),
        (
            "datasets: {d: {recordings: [tang2018], analyses: []}}",
            "`datasets.d.analyses` of the configuration is an empty",
        ),
        ("datasets: {d: {recordings: tang2018, analyses: [rsa]}}", "is 'tang2018'; expected a list"),
        (
            "datasets: {d: {recordings: [2015], analyses: [rsa]}}",
            "`datasets.d.recordings[0]` of the configuration is 2015",
        ),
        ("modelz: {}", "Unknown key in the configuration: 'modelz'. Did you mean 'models'?"),
    ],
)
def test_what_a_schema_refuses_is_one_sentence(schema: Any, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_schema(make(text), schema)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_our_own_configurations_fit(schema: Any, repository: Path) -> None:
    for path in sorted((repository / "config").glob("*.yaml")):
        check_schema(yaml.safe_load(path.read_text(encoding="utf-8")), schema)


def test_texts_of_the_command_line_become_what_the_schema_allows(schema: Any) -> None:
    # as Snakemake hands them over: everything inside a mapping is text
    given = {
        "rsa": {"n_boot": "60", "target_estimator": "null"},
        "extraction": {"scratch_gb": "1.5", "batch_size": "8"},
        "models": {"net": {"first_layer": "true", "layers": "null", "seed": "3"}},
        "title": "5",
    }
    config = make("rsa: {estimator: cosine}")
    config |= {"title": "5", "rsa": {**config["rsa"], **given["rsa"]}, "extraction": given["extraction"]}  # type: ignore[dict-item]
    config["models"]["net"] |= given["models"]["net"]  # type: ignore[index]
    read_command_line(config, given, schema)
    assert config["rsa"] == {"estimator": "cosine", "n_boot": 60, "target_estimator": None}
    assert config["extraction"] == {"scratch_gb": 1.5, "batch_size": 8}
    assert config["models"]["net"] == {"name": "pixels", "first_layer": True, "layers": None, "seed": 3}
    assert config["title"] == "5", "where text is allowed it stays text"
    check_schema(config, schema)
    wrong = make() | {"rsa": {"n_boot": "sixty"}}
    read_command_line(wrong, {"rsa": {"n_boot": "sixty"}}, schema)
    with pytest.raises(InvalidInputError, match="'sixty'; expected a whole number"):
        check_schema(wrong, schema)


def test_texts_of_a_file_stay_texts(schema: Any) -> None:
    config = make("rsa: {n_boot: '60'}")
    read_command_line(config, {}, schema)
    with pytest.raises(InvalidInputError, match="is '60'; expected a whole number"):
        check_schema(config, schema)


def test_a_key_that_stands_twice_in_a_file_is_refused(schema: Any, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("models:\n  net: {name: pixels}\n  net: {name: alexnet}\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"c\.yaml has the key 'net' twice \(line 3\)"):
        read_configuration(make(), given={}, files=[path], schema=schema)


def test_the_schema_knows_the_regressions(schema: Any) -> None:
    for name in ("ridge", "pls", "pls25", "pcr100"):
        check_schema(make(f"predictivity: {{regression: {name}}}"), schema)
        assert find_regression(name)


def test_an_interpreter_in_a_folder_with_a_space_is_quoted() -> None:
    assert quote_interpreter("/usr/bin/python3") == "/usr/bin/python3"
    quoted = quote_interpreter("/my env/bin/python")
    assert quoted == "'/my env/bin/python'" == quote_interpreter(quoted)
