"""Atomic writes: all or nothing, links followed, permissions kept."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from catnet.diagnostics import CatnetError, Diagnostic
from catnet.files import write_atomically


def refused(path: Path | str, content: str = "new") -> Diagnostic:
    """The diagnostic of a write that must fail."""
    with pytest.raises(CatnetError) as caught:
        write_atomically(path, content)
    assert caught.value.diagnostics[0].code == "E0602"
    return caught.value.diagnostics[0]


def test_text_is_utf8_with_its_own_line_ends_and_bytes_are_bytes(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "é\n⊗\r\n")
    write_atomically(tmp_path / "b", b"\xff\x00")
    assert (tmp_path / "a").read_bytes() == "é\n⊗\r\n".encode()
    assert (tmp_path / "b").read_bytes() == b"\xff\x00"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_permissions_are_kept_and_those_of_a_new_file_are_usual(tmp_path: Path) -> None:
    old, new, usual = tmp_path / "old", tmp_path / "new", tmp_path / "usual"
    old.write_text("old")
    old.chmod(0o750)
    write_atomically(old, "new")
    write_atomically(new, "new")
    usual.write_text("usual")
    assert stat.S_IMODE(old.stat().st_mode) == 0o750
    assert new.stat().st_mode == usual.stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"


def test_folders_and_missing_folders_are_refused_with_a_fix(tmp_path: Path) -> None:
    assert "it is a directory" in refused(tmp_path).message
    missing = refused(tmp_path / "no" / "file")
    assert missing.message.endswith("there is no such folder")
    assert missing.help == f"make it first: mkdir -p {tmp_path / 'no'}"
    (tmp_path / "file").write_text("")
    assert "not a directory" in refused(tmp_path / "file" / "below").message
    assert "name too long" in refused(tmp_path / ("x" * 300) / "y").message
    refused("a\0b")


def test_a_forbidden_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    assert "permission denied" in refused(tmp_path / "file").message


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_write_that_breaks_off_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failure: BaseException
) -> None:
    (tmp_path / "file").write_text("old")

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(os, step, fail)
    with pytest.raises((KeyboardInterrupt, CatnetError)):
        write_atomically(tmp_path / "file", "new" * 1000)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, "through")
    reader.join(10)
    assert got == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
