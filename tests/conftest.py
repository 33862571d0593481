"""What every test shares: where the real data lie, and a door that keeps tests off the network."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _find_data_dir() -> Path | None:
    named = os.environ.get("BRAINCONV_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder.resolve() if folder.is_dir() else None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real recordings and weights; tests that need it are skipped where it is absent."""
    folder = _find_data_dir()
    if folder is None:
        pytest.skip("the real recordings are not here: set BRAINCONV_DATA to the folder that holds them")
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return ROOT


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test reach this machine's own servers and nothing else."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else str(address)
        if self.family != socket.AF_UNIX and host not in ("127.0.0.1", "localhost", "::1"):
            msg = f"a test tried to reach {host}; tests use local servers only"
            raise OSError(msg)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
