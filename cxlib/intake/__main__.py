"""`python -m cxlib.intake` writes what is generated: data/README.md and the JSON Schema."""

from cxlib.intake.dictionary import README, dictionary_markdown
from cxlib.intake.engagement import SCHEMA, schema_json

README.parent.mkdir(exist_ok=True)
README.write_text(dictionary_markdown(), "utf-8", newline="\n")
SCHEMA.write_text(schema_json(), "utf-8", newline="\n")
