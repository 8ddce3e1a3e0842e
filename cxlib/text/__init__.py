"""Words: the catalogue of findings, and numbers, money and dates as each country writes them."""

from cxlib.text.catalogue import BLOCKS, Block, catalogue
from cxlib.text.voice import Voice, capital

__all__ = ["BLOCKS", "Block", "Voice", "capital", "catalogue"]
