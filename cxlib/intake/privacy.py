"""Customer and respondent ids → pseudonyms, by a key that stays in the engagement's private folder.

The same id gives the same pseudonym in every table and wave; without the key nobody can go back or
try ids one by one.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

import pandas as pd

from cxlib.intake.raw import matches

KEY = "key"
PERSONAL_SHAPE = (
    r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"  # a mail address
    r"|\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]"  # RUT
    r"|\d{8}[A-Z]|[XYZ]\d{7}[A-Z]"  # DNI, NIE
    r"|[A-Z]{4}\d{6}[A-Z0-9]{3,8}"  # RFC, CURP
    r"|\+\d[\d\s\-]{7,14}"  # a telephone number
)


def key_of(folder: Path) -> bytes:
    """Secret key of an engagement, made at first need and readable by its owner alone."""
    path = folder / "private" / KEY
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes().strip()
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_hex(32) + "\n")
    return path.read_bytes().strip()


def pseudonyms(ids: pd.Series[str], key: bytes) -> pd.Series[str]:
    """Replace ids by 14 characters that only the key can make again; missing ids stay missing."""
    distinct = ids.dropna().unique()
    names = {
        str(given): "p" + hmac.digest(key, str(given).encode(), "sha256").hex()[:13]
        for given in distinct
    }
    return ids.map(names).astype("str")


def looks_personal(ids: pd.Series[str]) -> bool:
    """Whether any code has the shape of a mail address, telephone or identity number."""
    return bool(matches(ids.dropna(), PERSONAL_SHAPE).any())
