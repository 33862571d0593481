from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import brainconv
from brainconv.containers import Representation
from brainconv.io import collect_provenance, inherit_provenance, read_provenance, save_representations


def test_says_what_ran_and_nothing_about_the_machine() -> None:
    found = collect_provenance(seed=3)
    assert found["brainconv"] == brainconv.__version__
    assert found["packages"]["numpy"] == np.__version__
    assert found["seed"] == 3
    assert found["git_commit"] is None or len(found["git_commit"].removesuffix("+changes")) == 40
    text = json.dumps(found)
    assert json.loads(text) == found
    import platform

    assert platform.node() not in text or not platform.node()


def test_equal_runs_have_equal_provenance() -> None:
    assert collect_provenance() == collect_provenance()


def test_torch_is_reported_only_where_it_is_imported_already() -> None:
    code = (
        "import sys; from brainconv.io import collect_provenance; a = collect_provenance(); "
        "assert 'torch' not in sys.modules and 'torch' not in a; print('without')\n"
        "import types; t = types.ModuleType('torch')\n"
        "n = types.SimpleNamespace\n"
        "t.cuda = n(is_available=lambda: False); t.get_num_threads = lambda: 7; t.version = n(cuda=None)\n"
        "t.backends = n(cuda=n(matmul=n(allow_tf32=False)), cudnn=n(allow_tf32=True)); sys.modules['torch'] = t\n"
        "b = collect_provenance()['torch']; print(b['n_threads'], b['tf32_matmul'], b['tf32_convolution'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["without", "7", "False", "True"]


def test_a_file_of_layers_says_which_network_which_images_and_which_program(tmp_path: Path) -> None:
    layers = {
        name: Representation(
            gram=np.eye(3),
            unit_sums=np.ones(3),
            n_units=2,
            stimulus_ids=("a", "b", "c"),
            model="net",
            weights="random",
            seed=5,
            layer=name,
            provenance={"weights_sha256": "ab", "stimuli_sha256": "cd", "device": "cpu", "shape": [2]},
        )
        for name in ("conv1", "conv2")
    }
    found = inherit_provenance(layers, seed=7)
    expected = {"model": "net", "weights": "random", "weights_seed": 5, "weights_sha256": "ab", "stimuli_sha256": "cd",
                "device": "cpu", "seed": 7}  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert found["packages"]["numpy"] == np.__version__
    assert "shape" not in found
    save_representations(tmp_path / "r.nc", layers)
    assert read_provenance(tmp_path / "r.nc") == inherit_provenance(layers)
    assert inherit_provenance({}) == collect_provenance()
