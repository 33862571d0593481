from __future__ import annotations

from brainconv.report.provenance import flatten_provenance


def test_groups_and_deeper_keys():
    groups = flatten_provenance(
        {"seed": 2500, "git_commit": None, "versions": {"torch": "2.5", "deep": {"a": {"b": [1, "x"]}}}, "empty": {}}
    )
    assert [group.heading for group in groups] == ["", "versions"]
    assert [(name, cell.text) for name, cell in groups[0].rows] == [("seed", "2500"), ("git_commit", "–")]
    assert [(name, cell.text) for name, cell in groups[1].rows] == [("torch", "2.5"), ("deep.a.b", "1, x")]


def test_nothing_known():
    assert flatten_provenance({}) == ()
