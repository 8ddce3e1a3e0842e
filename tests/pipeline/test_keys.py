"""Keys: what changes a number executes, what changes a look only renders."""

from pathlib import Path

from cxlib.pipeline import keys


def test_an_execution_key_moves_with_inputs_and_parameters() -> None:
    one = keys.execution_key("a", {"seed": 0})
    assert one == keys.execution_key("a", {"seed": 0})
    assert one != keys.execution_key("b", {"seed": 0})
    assert one != keys.execution_key("a", {"seed": 1})


def test_a_step_key_moves_only_with_the_tables_that_the_notebook_names() -> None:
    [notebook] = [path for path in keys.notebooks() if path.stem == "05_action_plan"]
    tables = {"actions": "1", "events": "1"}
    key = keys.step_key(notebook, {}, tables, {})
    assert key == keys.step_key(notebook, {}, {**tables, "events": "2"}, {})
    assert key != keys.step_key(notebook, {}, {**tables, "actions": "2"}, {})
    assert key != keys.step_key(notebook, {}, {"events": "1"}, {})
    assert key != keys.step_key(notebook, {}, tables, {"04_metric_finance": "other"})


def test_the_first_notebook_rests_on_no_earlier_one() -> None:
    notebook = keys.notebooks()[0]
    assert keys.step_key(notebook, {}, {}, {}) == keys.step_key(notebook, {}, {}, {"x": "y"})


def test_words_of_a_notebook_are_not_its_code(tmp_path: Path) -> None:
    notebook = keys.notebooks()[0]
    changed = tmp_path / notebook.name
    changed.write_text(notebook.read_text("utf-8").replace("Recepción", "Llegada"), "utf-8")
    assert keys.code_of(changed) == keys.code_of(notebook)
