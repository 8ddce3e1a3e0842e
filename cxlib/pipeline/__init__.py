"""Run one engagement: intake, eight notebooks under Papermill, findings, deliverables."""

import sys

# jsonschema compiles a whole grammar at import when this package is there (JupyterLab brings it);
# no notebook schema uses the format check that is lost. Guarded by a test: when the trap is gone,
# these lines go too.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
