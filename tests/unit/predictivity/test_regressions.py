import pytest

from brainconv.errors import NotFoundError
from brainconv.predictivity import find_regression


@pytest.mark.parametrize(
    ("asked", "name", "joint"),
    [
        ("ridge", "ridge", False),
        ("pls", "pls25", True),
        ("pls7", "pls7", True),
        ("pls25-sklearn", "pls25-sklearn", True),
        ("pcr50", "pcr50", False),
    ],
)
def test_names(asked, name, joint):
    found = find_regression(asked)
    assert (found.name, found.joint) == (name, joint)


@pytest.mark.parametrize("name", ["lasso", "pls0", "pcr", "ridge2", "pcr5-sklearn", "pls-sklearn"])
def test_unknown_names_are_refused(name):
    with pytest.raises(NotFoundError, match=f"Unknown regression '{name}'"):
        find_regression(name)
