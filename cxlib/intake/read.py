"""One door for every format: is the file what its name says, then its reader.

Everything is read as text; `convert` makes numbers and dates of it, as engagement.yml declares.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path, PureWindowsPath

from cxlib.intake.binary_file import read_parquet, read_sav, read_workbook
from cxlib.intake.csv_file import read_csv
from cxlib.intake.engagement import Block
from cxlib.intake.raw import MAX_FILE, Raw, opened, refuse
from cxlib.intake.xes_file import read_xes

Reader = Callable[[Path, str, Block, Collection[str]], Raw]

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
READERS: dict[str, tuple[Reader, tuple[bytes, ...]]] = {
    ".csv": (read_csv, ()),
    ".tsv": (read_csv, ()),
    ".txt": (read_csv, ()),
    ".xlsx": (read_workbook, (ZIP,)),
    ".xlsb": (read_workbook, (ZIP,)),
    ".ods": (read_workbook, (ZIP,)),
    ".xls": (read_workbook, (OLE,)),
    ".parquet": (read_parquet, (b"PAR1",)),
    ".sav": (read_sav, (b"$FL2",)),
    ".zsav": (read_sav, (b"$FL3",)),
    ".xes": (read_xes, ()),
}
GZIPPED = (".csv", ".tsv", ".txt", ".xes")
BINARY = (ZIP, OLE, b"PAR1", b"$FL2", b"$FL3", b"\x1f\x8b")


def read(path: Path, name: str, block: Block, wanted: Collection[str]) -> Raw:
    """Read the wanted columns of one client file; raises Unreadable.

    name : the file as engagement.yml writes it, which is how problems call it.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    kind = "".join(suffixes[-2:-1] if zipped else suffixes[-1:])
    if kind not in READERS or (zipped and kind not in GZIPPED):
        raise refuse(name, "file.unknown_type", values=(path.name,))
    if path.stat().st_size > MAX_FILE:
        raise refuse(name, "file.too_big", limit=MAX_FILE)
    reader, marks = READERS[kind]
    try:
        with opened(path) as stream:
            beginning = stream.read(8)
    except OSError as no:
        raise refuse(name, "file.wrong_type") from no
    if marks and not beginning.startswith(marks):
        encrypted = beginning.startswith(OLE) and ZIP in marks
        raise refuse(name, "file.encrypted" if encrypted else "file.wrong_type")
    if not marks and beginning.startswith(BINARY):
        raise refuse(name, "file.wrong_type")
    return reader(path, name, block, wanted)


def locate(folder: Path, name: str) -> Path | str:
    """Path of a file of the engagement, or the rule that it breaks."""
    windows = PureWindowsPath(name)
    if windows.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        return "path.escape"
    if name.startswith("~") or "://" in name or "\0" in name:
        return "path.escape"
    path = _composed(folder, name)
    if path is None:
        return "file.missing"
    if not path.resolve().is_relative_to(folder.resolve()):
        return "path.symlink"
    return path if path.is_file() else "file.missing"


def _composed(folder: Path, name: str) -> Path | None:
    """Find a file by its name after Unicode composition (macOS writes accents apart)."""
    path = folder
    for part in Path(name).parts:
        if not (path / part).exists():
            same = unicodedata.normalize("NFC", part)
            names = path.iterdir() if path.is_dir() else iter(())
            found = [p for p in names if unicodedata.normalize("NFC", p.name) == same]
            if not found:
                return None
            path = found[0]
        else:
            path /= part
    return path
