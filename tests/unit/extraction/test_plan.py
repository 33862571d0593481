"""The plan: how layers share passes, and what is refused."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from brainconv.errors import InvalidInputError, ResourceError
from brainconv.extraction import plan
from brainconv.extraction.plan import (
    LayerSpec,
    Piece,
    explain_write_error,
    find_scratch_budget,
    format_bytes,
    plan_passes,
)


def layer(name: str, *shape: int, dtype: str = "float32") -> LayerSpec:
    return LayerSpec(name, name, 0, 0, shape, dtype, channels_last=False)


def sizes(passes: tuple[plan.Pass, ...]) -> list[list[tuple[str, int, int]]]:
    return [[(piece.layer.name, piece.start, piece.stop) for piece in one.pieces] for one in passes]


def test_neighbours_share_a_pass_until_the_budget_is_full() -> None:
    layers = [layer("a", 10), layer("b", 10), layer("c", 5), layer("d", 2, dtype="float64")]
    passes = plan_passes(layers, 100, scratch_bytes=8000, memory_bytes=0)  # 4000, 4000, 2000 and 1600 bytes
    assert sizes(passes) == [[("a", 0, 10), ("b", 0, 10)], [("c", 0, 5), ("d", 0, 2)]]
    assert [one.n_bytes for one in passes] == [8000, 3600]
    assert not any(one.in_memory for one in passes)


def test_a_layer_larger_than_the_budget_is_cut_by_channels() -> None:
    passes = plan_passes([layer("a", 10, 2, 2), layer("b", 1)], 10, scratch_bytes=700, memory_bytes=0)
    # a channel takes 160 bytes, so 4 fit; 10 channels in 3 runs; b joins the last
    assert sizes(passes) == [[("a", 0, 3)], [("a", 3, 7)], [("a", 7, 10), ("b", 0, 1)]]
    runs = [piece for one in passes for piece in one.pieces if piece.layer.name == "a"]
    covered = [channel for piece in runs for channel in range(piece.start, piece.stop)]
    assert covered == list(range(10))


@pytest.mark.parametrize("n_channels", [1, 2, 7, 64, 97])
@pytest.mark.parametrize("room", [1, 2, 3, 5, 96, 200])
def test_no_pass_exceeds_the_budget(n_channels: int, room: int) -> None:
    passes = plan_passes([layer("a", n_channels, 3)], 10, scratch_bytes=room * 120, memory_bytes=0)
    assert max(one.n_bytes for one in passes) <= room * 120
    assert len(passes) == -(-n_channels // min(room, n_channels))


def test_what_fits_in_memory_stays_there() -> None:
    passes = plan_passes([layer("a", 10)], 100, scratch_bytes=0, memory_bytes=4000)
    assert passes[0].in_memory
    assert not plan_passes([layer("a", 10)], 100, scratch_bytes=4000, memory_bytes=3999)[0].in_memory


def test_a_channel_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ResourceError, match=r"'a' needs at least 1\.6 kB .*one of its 2 channels .* 3\.2 kB for all"):
        plan_passes([layer("a", 2, 2, 2)], 100, scratch_bytes=1500, memory_bytes=0)


def test_default_budget_is_16_gb_or_half_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, wanted in ((100 * plan.GB, 16 * plan.GB), (10 * plan.GB, 5 * plan.GB)):
        monkeypatch.setattr(plan.shutil, "disk_usage", lambda _folder, free=free: type("Usage", (), {"free": free}))
        assert find_scratch_budget(Path(), None) == (wanted, free)
        assert find_scratch_budget(Path(), 123) == (123, free)
    with pytest.raises(InvalidInputError, match=r"scratch_bytes=1\.5"):
        find_scratch_budget(Path(), 1.5)  # type: ignore[arg-type]


def test_words_for_sizes_and_full_disks() -> None:
    assert [format_bytes(n) for n in (12, 1500, 2.5e6, 16e9)] == ["12 bytes", "1.5 kB", "2.5 MB", "16.0 GB"]
    assert isinstance(explain_write_error(OSError(errno.ENOSPC, "full"), Path("/s")), ResourceError)
    other = OSError(errno.EIO, "broken")
    assert explain_write_error(other, Path("/s")) is other
    assert Piece(layer("a", 4, 3), 1, 3).n_units == 6
