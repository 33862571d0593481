"""Rows of the registry: ours, the user's, and those of installed packages."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import brainconv as bc
from brainconv.errors import InvalidInputError
from brainconv.models import Preprocessing, read_registry, registry
from brainconv.models.families.small import LectureConvNet

OWN = """
preprocessing:
  mine: {input_size: 32, scale: 255.0}
models:
  my_net:
    builder: brainconv.models.families.small:LectureConvNet
    preprocessing: mine
    weights: {checkpoint: my_net.pt}
    layers: ["relu*"]
    degrees: 5.5
"""


def test_our_rows_are_complete() -> None:
    entries = read_registry()
    assert {"alexnet", "pixels", "v1_gabor", "squeezenet1_0_deepcompression", "inception_resnet_v2"} <= set(entries)
    for entry in entries.values():
        assert entry.citation, entry.name
        assert entry.title, entry.name
        assert entry.degrees == 8.0


def test_torchvision_rows_name_weights_that_exist_and_agree_with_their_preprocessing() -> None:
    import torchvision

    rows = [entry for entry in read_registry().values() if entry.source == "torchvision"]
    assert len(rows) == 20
    for entry in rows:
        enum, _, version = entry.weights["torchvision"].partition(".")
        weights = getattr(torchvision.models, enum)[version]
        stated, ours = weights.transforms(), entry.preprocessing
        assert entry.builder == f"torchvision.models:{entry.name}"
        assert ours is not None
        assert [ours.input_size] == stated.crop_size
        assert ours.interpolation == stated.interpolation.value
        if entry.name not in ("googlenet", "inception_v3"):  # see registry.yaml
            assert ours.mean == tuple(stated.mean)
            assert ours.std == tuple(stated.std)


def test_a_users_file(tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(OWN, encoding="utf-8")
    torch.manual_seed(0)
    trained = LectureConvNet()
    torch.save(trained.state_dict(), tmp_path / "my_net.pt")
    model = bc.load_model("my_net", registry=path)
    assert torch.equal(model.module.conv1.weight, trained.conv1.weight)
    assert model.layers == ("relu1", "relu2", "relu3", "relu4", "relu5")
    assert (model.degrees, model.preprocessing.scale, model.weights) == (5.5, 255.0, "default")
    assert bc.list_models("my*", registry=path) == ["my_net"]
    assert "alexnet" in bc.list_models(registry=path)


def test_a_mapping_with_a_callable_builder() -> None:
    rows = {"models": {"mine": {"builder": LectureConvNet, "preprocessing": {"input_size": 32}}}}
    model = bc.load_model("mine", weights=None, registry=rows)
    assert model.preprocessing == Preprocessing(input_size=32)
    assert model.provenance["builder"] == "LectureConvNet"


def test_installed_packages_offer_models(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"models": {"theirs": {"builder": LectureConvNet, "preprocessing": "small_32"}}}

    class Point:
        name = "theirs"

        def load(self) -> object:
            return lambda: rows

    asked = []
    monkeypatch.setattr(registry, "entry_points", lambda *, group: asked.append(group) or [Point()])
    assert bc.load_model("theirs", weights=None).name == "theirs"
    assert set(asked) == {"brainconv.models"}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("models: {a: {builder: nocolon}}", "expected 'module:function'"),
        ("models: {a: {bilder: x}}", "Did you mean 'builder'"),
        ("models: {a: {builder: 'x:y', weights: {timm: true, fixed: true}}}", "exactly one of"),
        ("models: {a: {builder: 'x:y', preprocessing: imagnet}}", "Did you mean 'imagenet'"),
        ("models: {a: {builder: 'x:y', preprocessing: {scale: 3}}}", "expected 1.0"),
        ("models: [a]", "holds no mapping 'models'"),
        ("a: b: c", "cannot be read"),
        ("models: ~", "holds no mapping 'models'"),
        ("models: {a: [1]}", "Model 'a' of bad.yaml: the row is a list; expected a mapping"),
        ("models: {a: ~}", "Model 'a' of bad.yaml: the row is empty"),
        ("models: {a: text}", "the row is a str"),
        ("models: {50: {builder: 'x:y'}}", "is 50, which YAML reads as a number; expected text: put it in quotes"),
        ("models: {no: {builder: 'x:y'}}", "YAML reads as true or false"),
        ("models: {a: {builder: torchvision.models.alexnet}}", "Did you mean 'torchvision.models:alexnet'"),
        ("models: {a: {builder: 5}}", "builder is 5; expected 'module:function'"),
        ("models: {a: {builder: 'x:y', kwargs: [1]}}", "kwargs is a list; expected a mapping"),
        ("models: {a: {builder: 'x:y', weights: [checkpoint]}}", "weights is a list; expected a mapping"),
        ("models: {a: {builder: 'x:y', weights: {checkpoint: 5}}}", "weights.checkpoint is 5; expected text"),
        ("models: {a: {builder: 'x:y', weights: {function: dotted.name}}}", "weights.function is 'dotted.name'"),
        ("models: {a: {builder: 'x:y', weights: {file: {name: w}}}}", "weights.file has no url"),
        ("models: {a: {builder: 'x:y', layers: 5}}", "layers are 5; expected a list of names"),
        ("models: {a: {builder: 'x:y', layers: {b: c}}}", "layers are {'b': 'c'}; expected a list"),
        ("models: {a: {builder: 'x:y', degrees: wide}}", "degrees is 'wide'; expected a number above 0"),
        ("models: {a: {builder: 'x:y', degrees: .nan}}", "degrees is nan; expected a number above 0"),
        ("models: {a: {builder: 'x:y', preprocessing: 5}}", "preprocessing is a int; expected a mapping"),
        ("models: {}\npreprocessing: [a]", "preprocessing is a list; expected a mapping"),
        ("models: {a: {builder: 'x:y'}, a: {builder: 'x:z'}}", "has the key 'a' twice"),
    ],
)
def test_bad_rows_are_one_sentence(tmp_path: Path, text: str, match: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=match) as caught:
        read_registry(path)
    assert "bad.yaml" in str(caught.value)


def test_what_a_users_code_raises_names_file_and_row(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "models:\n"
        "  raises: {builder: 'nets.py:build'}\n"
        "  broken: {builder: 'broken.py:build'}\n"
        "  number: {builder: 'nets.py:NUMBER'}\n"
        "  source: {builder: 'nets.py:make', weights: {function: 'nets.py:build'}}\n",
        encoding="utf-8",
    )
    (tmp_path / "nets.py").write_text("def build():\n    raise KeyError('depth')\nNUMBER = 5\ndef make(): ...\n")
    (tmp_path / "broken.py").write_text("raise ZeroDivisionError('at import')\n")
    for name, sentence in {
        "raises": "The builder of raises in own.yaml raised KeyError: 'depth'",
        "broken": "ZeroDivisionError: at import",
        "number": "is int; expected a function",
    }.items():
        with pytest.raises(InvalidInputError) as caught:
            bc.load_model(name, weights=None, registry=path)
        assert sentence in str(caught.value)
        assert f"{name} in own.yaml" in str(caught.value)
    with pytest.raises(InvalidInputError, match=r"source of weights of source in own\.yaml raised KeyError"):
        bc.load_model("source", registry=path)


def test_builders_that_cannot_be_used() -> None:
    def rows(builder: object, **kwargs: object) -> dict:
        return {"models": {"a": {"builder": builder, "kwargs": kwargs}}}

    with pytest.raises(InvalidInputError, match="'nowhere:net' cannot be imported"):
        bc.load_model("a", weights=None, registry=rows("nowhere:net"))
    with pytest.raises(InvalidInputError, match="returned str"):
        bc.load_model("a", weights=None, registry=rows(lambda: "net"))
    with pytest.raises(InvalidInputError, match="does not take"):
        bc.load_model("a", weights=None, registry=rows(LectureConvNet, n=3))


OWN_FILE = """
from __future__ import annotations
from dataclasses import dataclass
import torch

@dataclass
class Width:
    n: int = 4

def build(width):
    return torch.nn.Sequential(torch.nn.Conv2d(3, Width(width).n, 7, stride=2), torch.nn.ReLU())

def weights():
    return {"0.weight": torch.ones(6, 3, 7, 7), "0.bias": torch.zeros(6)}
"""


def test_builder_and_weights_in_a_file_beside_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "my_nets.py").write_text(OWN_FILE, encoding="utf-8")
    path = folder / "models.yaml"
    row = "{builder: 'my_nets.py:build', kwargs: {width: 6}, preprocessing: {input_size: 32}"
    path.write_text(
        f"models:\n  mine: {row}, weights: {{function: 'my_nets.py:weights'}}}}\n"
        f"  saved: {row}, weights: {{checkpoint: mine.pt}}}}\n"
        "  gone: {builder: 'other.py:build'}\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)  # neither the working directory nor sys.path leads there
    model = bc.load_model("mine", registry="lab/models.yaml")
    assert model.module.get_submodule("0").get_parameter("weight").mean() == 1.0
    torch.save(model.module.state_dict(), folder / "mine.pt")
    assert bc.load_model("saved", registry="lab/models.yaml").weights_sha256 == model.weights_sha256
    with pytest.raises(InvalidInputError, match=r"there is no file .*other\.py; expected .* beside the registry"):
        bc.load_model("gone", weights=None, registry=path)
