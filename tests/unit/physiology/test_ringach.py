"""The binned table of V1 receptive fields."""

import numpy as np

from brainconv.physiology import RINGACH_NX_NY


def test_the_table_has_79_cells_and_its_marginals():
    assert RINGACH_NX_NY.n_cells == 79
    assert RINGACH_NX_NY.marginal_nx.tolist() == [3, 22, 42, 12, 0]
    assert RINGACH_NX_NY.marginal_ny.tolist() == [11, 11, 25, 25, 7]
    np.testing.assert_allclose(RINGACH_NX_NY.edges, [0.1, 0.174, 0.302, 0.525, 0.912, 1.585], atol=5e-4)
    assert RINGACH_NX_NY.doi == "10.1152/jn.2002.88.1.455"


def test_filters_are_counted_with_n_x_along_the_rows():
    counts, outside = RINGACH_NX_NY.bin_shapes(np.array([0.4, 0.4, 0.12]), np.array([0.2, 0.2, 1.0]))
    assert counts[2, 1] == 2
    assert counts[0, 4] == 1
    assert counts.sum() == 3
    assert not outside.any()


def test_filters_beyond_the_table_count_in_the_nearest_bin_and_are_named():
    counts, outside = RINGACH_NX_NY.bin_shapes(np.array([0.01, 3.0, 0.2]), np.array([0.01, 0.2, 9.0]))
    assert outside.all()
    assert counts[0, 0] == counts[4, 1] == counts[1, 4] == 1


def test_the_table_cannot_be_changed():
    assert not RINGACH_NX_NY.counts.flags.writeable
    assert not RINGACH_NX_NY.edges.flags.writeable
