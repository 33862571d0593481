"""Names of panels; what is shared with the pictures of RDMs is tested there."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from brainconv.plotting.panels import colour_categories, name_panels


def test_untrained_twins_have_another_name(rdms):
    labels = pd.DataFrame(
        {"model": ["net", "net", "pixels"], "weights": ["default", "random", "default"]}
        | {"layer": ["conv1", "conv1", "pixels"], "layer_index": [0, 0, 0], "n_units": [9, 9, 4]}
    )
    layers = replace(rdms, dissimilarities=rdms.dissimilarities[[0, 1, 0]], labels=labels)
    assert name_panels([layers]) == ["net conv1", "net conv1, untrained", "pixels"]
    assert name_panels([layers.select([1])]) == ["net conv1, untrained"]


def test_recordings_have_the_name_of_what_differs_or_of_the_set(rdms):
    assert name_panels([rdms, rdms.select([0])]) == ["monkey", "human", "kriegeskorte2008"]


def test_colours_begin_again_after_eight():
    colours = list(colour_categories([str(k) for k in range(10)]).values())
    assert len(set(colours)) == 8
    assert colours[8:] == colours[:2]
