"""Client files → canonical tables, or located problems; ids become pseudonyms here.

`load` reads a folder with engagement.yml, `save` writes its tables into a run, `new` begins one.
"""

from cxlib.intake.dictionary import DICTIONARY, dictionary_markdown
from cxlib.intake.engagement import Engagement, schema_json
from cxlib.intake.loading import Intake, input_hash, load, save
from cxlib.intake.problems import as_html, as_json, as_text
from cxlib.intake.problems import write as write_problems
from cxlib.intake.template import BadName, new

__all__ = [
    "DICTIONARY",
    "BadName",
    "Engagement",
    "Intake",
    "as_html",
    "as_json",
    "as_text",
    "dictionary_markdown",
    "input_hash",
    "load",
    "new",
    "save",
    "schema_json",
    "write_problems",
]
