import numpy as np
import pandas as pd
import pytest

from brainconv import StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.predictivity import Splits, make_splits


def stimuli(n=40, order=None, **columns):
    ids = np.array([f"s{i:03d}" for i in range(n)])
    order = np.arange(n) if order is None else order
    table = pd.DataFrame({name: np.asarray(values)[order] for name, values in columns.items()}, index=ids[order])
    return StimulusSet("set", tuple(ids[order]), np.zeros((n, 1, 1, 3), np.uint8), table=table)


def test_folds_part_the_stimuli_in_nearly_equal_numbers():
    splits = make_splits("kfold10", stimuli(43), random_state=1)
    assert splits.name == "kfold10"
    np.testing.assert_array_equal(np.sort(np.concatenate(splits.test)), np.arange(43))
    assert {len(test) for test in splits.test} == {4, 5}
    for train, test in zip(splits.train, splits.test, strict=True):
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(43))


@pytest.mark.parametrize("name", ["kfold10", "kfold4", "group5", "brainscore"])
def test_the_order_of_files_plays_no_part(name):
    groups = np.arange(40) // 4
    order = np.random.default_rng(0).permutation(40)
    plain, mixed = stimuli(group=groups), stimuli(order=order, group=groups)
    one, other = make_splits(name, plain), make_splits(name, mixed)
    for a, b in zip(one.test, other.test, strict=True):
        assert {plain.ids[i] for i in a} == {mixed.ids[i] for i in b}


def test_the_seed_decides_the_draw():
    same = [make_splits("kfold5", stimuli(), random_state=seed).test[0].tolist() for seed in (3, 3, 4)]
    assert same[0] == same[1] != same[2]


def test_groups_stay_whole():
    groups = np.repeat([f"photo{i}" for i in range(13)], [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 3, 3, 4])
    splits = make_splits("group6", stimuli(40, group=groups))
    assert len(splits) == 6
    for train, test in zip(splits.train, splits.test, strict=True):
        assert not set(groups[train]) & set(groups[test])
    assert max(map(len, splits.test)) - min(map(len, splits.test)) <= 2


def test_as_many_folds_as_groups_where_these_are_fewer():
    assert len(make_splits("group", stimuli(40, group=np.arange(40) % 4))) == 4


def test_group_splits_without_groups_say_what_was_done():
    splits = make_splits("group", stimuli())
    assert splits.name == "kfold10"
    assert "no groups" in splits.note


@pytest.mark.parametrize("stratified", [True, False])
def test_brainscore_splits_are_drawn_as_scikit_learn_does_over_sorted_ids(stratified):
    from hashlib import sha1

    from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

    ids = np.array([sha1(str(i).encode()).hexdigest() for i in range(40)])  # in the order of a file: not sorted
    strata = dict(zip(ids, np.repeat(list("abcd"), 10), strict=True))
    columns = {"category": [strata[name] for name in ids]} if stratified else {}
    shown = StimulusSet("set", tuple(ids), np.zeros((40, 1, 1, 3), np.uint8), table=pd.DataFrame(columns, index=ids))
    found = make_splits("brainscore", shown, random_state=77)
    by_id = np.sort(ids)
    splitter = StratifiedShuffleSplit if stratified else ShuffleSplit
    drawn = splitter(n_splits=10, train_size=0.9, random_state=1).split(by_id, [strata[name] for name in by_id])
    assert found.median_first
    assert len(found) == 10
    for (train, test), a, b in zip(drawn, found.train, found.test, strict=True):
        assert set(by_id[train]) == set(ids[a])
        assert set(by_id[test]) == set(ids[b])


def test_brainscore_without_categories_says_so():
    assert "not stratified" in make_splits("brainscore", stimuli()).note


def test_brainscore_with_a_category_of_one_is_refused_in_one_sentence():
    with pytest.raises(InvalidInputError, match="stratified"):
        make_splits("brainscore", stimuli(40, category=["x"] * 39 + ["y"]))


def test_given_splits_are_counted_in_the_order_of_the_stimuli():
    ids = [f"s{i:03d}" for i in range(40)]
    given = Splits.from_ids("paper", [(ids[:30], ids[30:])], ids[::-1])
    found = make_splits(given, stimuli())
    np.testing.assert_array_equal(found.test[0], np.arange(30, 40))
    np.testing.assert_array_equal(found.train[0], np.arange(30))


def test_a_stimulus_on_both_sides_is_refused():
    with pytest.raises(InvalidInputError, match="both sides, for example 's005'"):
        Splits.from_ids("leak", [([f"s{i:03d}" for i in range(6)], [f"s{i:03d}" for i in range(5, 9)])], stimuli().ids)


@pytest.mark.parametrize(
    ("spec", "n", "message"),
    [
        ("kfold10", 29, "too few for 10 folds.*'kfold9'"),
        ("kfold1", 40, "at least 2"),
        ("loo", 40, "Unknown splits 'loo'"),
    ],
)
def test_bad_specifications_are_refused(spec, n, message):
    with pytest.raises(InvalidInputError, match=message):
        make_splits(spec, stimuli(n))


@pytest.mark.parametrize("n_groups", [1, 2])
def test_groups_too_few_to_choose_inside_training_are_refused(n_groups):
    with pytest.raises(InvalidInputError, match=f"{n_groups} group.*at least 3"):
        make_splits("group", stimuli(40, group=[str(k % n_groups) for k in range(40)]))


def test_a_split_that_cuts_a_group_is_refused():
    ids = tuple(map(str, range(40)))
    with pytest.raises(InvalidInputError, match=r"group .a. on both sides"):
        Splits("cut", ids, (np.arange(30),), (np.arange(30, 40),), groups=np.array(["a"] * 40))


def test_groups_follow_the_order_of_the_stimuli():
    groups = [f"g{k % 9}" for k in range(45)]
    drawn = make_splits("group3", stimuli(45, group=groups))
    moved = drawn.reindex(drawn.stimulus_ids[::-1])
    assert moved.groups.tolist() == groups[::-1]
    for k in range(3):
        pairs = zip(drawn.inner_folds(k).folds, moved.inner_folds(k).folds, strict=True)
        for mine, other in pairs:
            assert {drawn.stimulus_ids[i] for i in mine} == {moved.stimulus_ids[i] for i in other}


def test_a_test_set_of_two_is_refused():
    with pytest.raises(InvalidInputError, match="38 training and 2 test stimuli; at least 3 and 3"):
        Splits("small", tuple(map(str, range(40))), (np.arange(38),), (np.arange(38, 40),))


def test_a_training_set_without_its_test_set_is_refused():
    with pytest.raises(InvalidInputError, match="give pairs"):
        Splits("odd", tuple(map(str, range(40))), (np.arange(30), np.arange(20)), (np.arange(30, 40),))
