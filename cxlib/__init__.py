"""A workbook that diagnoses the customer experience of a company."""

__version__ = "0.1.0"
