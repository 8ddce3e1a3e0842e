import gzip
import json
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.core import Refuse, Table
from cxlib.methods import chains, conformance, contact, durations, eventlog, journey

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2026-01-01")


def log_of(rows: list[tuple[object, ...]], *more: str) -> Table:
    names = ["case_id", "activity", "start", *more]
    frame = pd.DataFrame(rows, columns=names)
    frame["start"] = START + pd.to_timedelta(frame["start"].astype(float), unit="D")
    return Table.of(frame, "events")


# Real logs ------------------------------------------------------------------------------------


def xes(path: Path) -> pd.DataFrame:
    rows, space = [], "{http://www.xes-standard.org/}"
    with gzip.open(path) as file:
        for _, trace in ElementTree.iterparse(file):
            if trace.tag != f"{space}trace":
                continue
            case = next(c.get("value") for c in trace if c.get("key") == "concept:name")
            for event in trace.iter(f"{space}event"):
                fields = {field.get("key"): field.get("value") for field in event}
                rows.append((case, fields["concept:name"], fields["time:timestamp"]))
            trace.clear()
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start"])
    return frame.assign(start=pd.to_datetime(frame["start"], utc=True))


@pytest.fixture(scope="module")
def incidents(shared: Path) -> Table:
    return Table.of(xes(shared / "data/bpic2013_incidents/bpic2013_incidents.xes.gz"), "events")


@pytest.fixture(scope="module")
def bills(shared: Path) -> Table:
    frame = pd.read_csv(
        shared / "data/hospital_billing/hospital_billing.csv.gz", dtype=str, keep_default_na=False
    )
    frame = frame.rename(columns={"timestamp": "start"})[["case_id", "activity", "start"]]
    return Table.of(frame.assign(start=pd.to_datetime(frame["start"])), "events")


def reference(shared: Path, name: str) -> dict[str, float]:
    figures = json.loads((shared / f"data/{name}/reference.json").read_text("utf-8"))["figures"]
    return {figure["key"]: figure["value"] for figure in figures}


def told(events: Table) -> dict[str, float]:
    """The figures that our findings state, under the keys of the reference."""
    whole, again = journey.variants(events), journey.rework(events)
    found: dict[str, float] = {
        "events": whole["events"],
        "cases": whole["cases"],
        "activities": whole["activities"],
        "variants": whole["variants"],
        "top_variant_cases": whole["top_cases"],
        "duration_median_h": 24 * whole.estimate("median").value,
        "duration_mean_h": 24 * whole.estimate("mean").value,
        "duration_p90_h": 24 * whole.estimate("p90").value,
        "events_per_case_median": whole["events_per_case"],
        "events_per_case_max": whole["most_events"],
        "rework_cases_pct": 100 * again.estimate("share").value,
    }
    table = journey.graph(events).table
    assert table is not None
    for row in table.itertuples():
        kind = f"df {row.activity} > {row.next}"
        kind = f"start {row.next}" if row.activity == "case_start" else kind
        kind = f"end {row.activity}" if row.next == "case_end" else kind
        found[kind] = row.events
    counts = table[table["activity"] != "case_start"].groupby("activity")["events"].sum()
    return found | {f"freq {name}": n for name, n in counts.items()}


@pytest.mark.parametrize("name", ["bpic2013_incidents", "hospital_billing"])
def test_real_logs_give_the_reference_figures(
    name: str, shared: Path, request: pytest.FixtureRequest
) -> None:
    prefix = "inc_" if name.startswith("bpic") else ""
    table: Table = request.getfixturevalue("incidents" if prefix else "bills")
    known = reference(shared, name)
    began = time.perf_counter()
    found = told(table)
    assert time.perf_counter() - began < 5
    stated = {key: value for key, value in found.items() if prefix + key in known}
    assert len(stated) >= 25
    for key, value in stated.items():
        assert value == pytest.approx(known[prefix + key], abs=1e-6), key


def test_cases_of_one_step_have_no_pairs() -> None:
    frame = pd.DataFrame({"case_id": ["a", "b"], "activity": ["open", "open"],
                          "start": pd.to_datetime(["2024-01-01", "2024-01-02"])})  # fmt: skip
    found = journey.graph(Table.of(frame, "events"))
    assert (found.outcome, found["pairs"], found["cases"]) == ("no_pairs", 0, 2)
    assert found.table is not None
    assert list(found.table["events"]) == [2, 2]


def test_the_commonest_pair_is_said_and_a_long_table_is_cut(bills: Table) -> None:
    found = journey.graph(bills, most=5)
    assert (found["step"], found["next"], found["times"]) == ("FIN", "RELEASE", 7702)
    assert found.table is not None
    assert len(found.table) == 10
    assert [note["key"] for note in found.caveats][-1] == "rows_left_out"


def test_rework_says_all_events_of_an_activity(bills: Table) -> None:
    table = journey.rework(bills).table
    assert table is not None
    assert table.set_index("activity")["events"]["NEW"] == 11106


def test_the_case_whose_id_reads_na_is_kept(bills: Table) -> None:
    assert journey.variants(bills)["cases"] == 10_000  # 9,999 if «NA» were read as missing


def test_open_cases_are_no_variant_and_stay_in_the_median(bills: Table) -> None:
    closed = journey.variants(bills, ends=("BILLED", "DELETE"))
    assert closed["open"] == 2124
    assert closed.estimate("median").value > journey.variants(bills).estimate("median").value
    assert "p90" not in closed.values


# SQL against pandas ---------------------------------------------------------------------------

steps = st.tuples(
    st.sampled_from("xyz"), st.sampled_from("abcd"), st.integers(0, 5),
    st.sampled_from(["one", "two", "three", None]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, min_size=1, max_size=30))
def test_sql_and_pandas_agree(rows: list[tuple[str, str, int, str | None]]) -> None:
    log = eventlog.read(log_of(rows, "department"))
    frame = pd.DataFrame(rows, columns=["case", "activity", "day", "department"])
    frame = frame.sort_values(["case", "day"], kind="stable")
    by = frame.groupby("case")
    after = by["activity"].shift(-1)
    pairs = (frame["activity"] + after).dropna().value_counts().to_dict()
    counted = log.ask(eventlog.FOLLOWS)
    names = log.names["activity"]
    got = {names[a] + names[b]: n for a, b, n in counted[["source", "target", "events"]].to_numpy()}
    assert got == pairs
    cases = log.cases()
    before = by["department"].shift(1)
    moved = frame["department"].notna() & before.notna() & (before != frame["department"])
    assert list(cases["hand_offs"]) == list(moved.groupby(frame["case"]).sum())
    paths = by["activity"].agg("".join)
    assert [p.replace(",", "") for p in cases["path"]] == [
        "".join(str(names.index(a)) for a in path) for path in paths
    ]
    known = frame.dropna(subset="department").groupby("case")["department"].agg(list)
    returns = {case: _returns(visited) for case, visited in known.items()}
    assert list(cases["ping_pong"]) == [returns.get(case, 0) for case in paths.index]


def _returns(visited: list[str]) -> int:
    runs = [v for k, v in enumerate(visited) if not k or v != visited[k - 1]]
    return sum(runs[k] == runs[k - 2] for k in range(2, len(runs)))


@settings(max_examples=20, deadline=None)
@given(st.lists(steps, min_size=2, max_size=20), st.randoms())
def test_only_the_order_of_equal_stamps_depends_on_the_file(rows: list, random: object) -> None:
    distinct = {(case, day): (case, activity, day) for case, activity, day, _ in rows}
    whole = list(distinct.values())
    mixed = list(whole)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    first, second = (eventlog.read(log_of(part)).ask(eventlog.FOLLOWS) for part in (whole, mixed))
    pd.testing.assert_frame_equal(first, second)


def test_equal_stamps_keep_file_order_and_are_told() -> None:
    found = journey.variants(log_of([("c", "b", 1), ("c", "a", 1), ("c", "d", 2)]))
    assert found.table is not None
    assert found.table["variant"][0] == "b > a > d"
    assert {"key": "events_share_stamp", "events": 2} in found.caveats


# Times ----------------------------------------------------------------------------------------


def test_quantiles_are_those_of_numpy_and_lie_inside_their_interval() -> None:
    times = np.arange(1.0, 101)
    found = durations.quantile(times, 0.9, np.arange(100))
    assert found.value == pytest.approx(np.quantile(times, 0.9))
    # half-width of the share: t(99) * sqrt(.9 * .1 / 99) = 1.984 * .03015 = .0598
    assert found.low == pytest.approx(np.quantile(times, 0.8402), abs=0.05)
    assert found.high == pytest.approx(np.quantile(times, 0.9598), abs=0.05)


def test_customers_who_repeat_widen_the_interval() -> None:
    times = np.repeat(np.arange(40.0), 5)
    alone = durations.quantile(times, 0.5, np.arange(200))
    together = durations.quantile(times, 0.5, np.repeat(np.arange(40), 5))
    assert (together.high or 0) - (together.low or 0) > (alone.high or 0) - (alone.low or 0)


def test_waiting_needs_two_stamps_and_overlap_counts_as_none() -> None:
    frame = pd.DataFrame(
        {
            "case_id": ["c"] * 3, "activity": list("abc"), "stage": ["s", "t", "t"],
            "start": START + pd.to_timedelta([0, 3, 5], unit="h"),
            "end": START + pd.to_timedelta([2, 6, 7], unit="h"),
        }
    )  # fmt: skip
    log = eventlog.read(Table.of(frame, "events"), "stage")
    found, kind = durations.elapsed(log, "stage")
    assert (kind, list(found["hours"])) == ("waiting", [1.0, 0.0])
    single = eventlog.read(Table.of(frame.drop(columns="end"), "events"), "stage")
    found, kind = durations.elapsed(single, "stage")
    assert (kind, list(found["hours"])) == ("elapsed", [3.0, 2.0])


def test_slowest_part_is_named_only_with_a_base() -> None:
    rows = [(f"c{n}", "a", 0, "quick") for n in range(60)]
    rows += [(f"c{n}", "b", 0.1 + n / 1000, "slow") for n in range(60)]
    rows += [(f"c{n}", "c", 2 + n / 1000, "end") for n in range(60)]
    found = journey.stage_times(log_of(rows, "stage"))
    assert (found.outcome, found["part"]) == ("lasts", "slow")
    thin = journey.stage_times(log_of(rows[:80], "stage"))
    assert thin.outcome == "no_slowest"


def test_working_days_leave_out_weekend_and_holiday() -> None:
    assert list(durations.working_days(["2026-12-23"], ["2026-12-30"], ["2026-12-25"])) == [4]


# Conformance ----------------------------------------------------------------------------------

words = st.lists(st.sampled_from("abcdx"), max_size=7)


@settings(max_examples=60, deadline=None)
@given(words, st.permutations("abcd"))
def test_cost_is_the_edit_distance_without_replacement(trace: list[str], model: list[str]) -> None:
    lengths = np.zeros((len(trace) + 1, len(model) + 1), dtype=int)
    for i, one in enumerate(trace):
        for j, two in enumerate(model):
            best = max(lengths[i, j + 1], lengths[i + 1, j])
            lengths[i + 1, j + 1] = lengths[i, j] + 1 if one == two else best
    found = conformance.fit(trace, [tuple(model)])
    assert found.cost == len(trace) + len(model) - 2 * lengths[-1, -1]
    assert set(found.skipped) == set(model) - set(trace)
    assert set(found.unexpected) == set(trace) - set(model)


def test_steps_of_equal_rank_may_come_in_any_order() -> None:
    edges = conformance.layers([("a", 1), ("b", 2), ("c", 2), ("d", 3)])
    assert conformance.orders("abcd", edges) == [tuple("abcd"), tuple("acbd")]


@pytest.mark.parametrize(
    ("steps", "edges", "reason"),
    [("abcdefgh", [], "too_many_orders"), ("ab", [("a", "b"), ("b", "a")], "order_circular")],
)
def test_a_journey_without_usable_order_is_refused(
    steps: str, edges: list[tuple[str, str]], reason: str
) -> None:
    with pytest.raises(Refuse, match=reason):
        conformance.orders(steps, edges)


JOURNEY = Table.of(
    pd.DataFrame({"stage": ["s", "s", "t"], "order": [1, 2, 3], "activity": ["a", "b", "c"]}),
    "journey",
)


def test_the_skipped_step_is_named_with_its_share() -> None:
    rows = [(f"c{n}", act, k) for n in range(40) for k, act in enumerate("abc" if n < 30 else "ac")]
    found = journey.official_fit(log_of(rows), JOURNEY)
    assert (found.outcome, found["step"]) == ("undecided", "b")
    assert found.estimate("skipped").value == pytest.approx(0.25)
    # fitness of the log: 10 edits over 30 * 6 + 10 * 5 lengths
    assert found.estimate("fitness").value == pytest.approx(1 - 10 / 230)
    assert journey.official_fit(log_of(rows), JOURNEY, agreement=0.9).outcome == "deviates"
    assert journey.official_fit(log_of(rows), JOURNEY, agreement=0.5).outcome == "agrees"


def test_a_journey_in_stages_counts_runs_once() -> None:
    rows = [("c", "x", 0, "s"), ("c", "y", 1, "s"), ("c", "z", 2, "t")]
    stages = Table.of(pd.DataFrame({"stage": ["s", "t"], "order": [1, 2]}), "journey")
    assert journey.official_fit(log_of(rows, "stage"), stages).estimate("fitness").value == 1


def test_unmapped_activities_are_refused() -> None:
    found = journey.official_fit(log_of([("c", "other", 0), ("c", "a", 1)]), JOURNEY)
    assert (found.outcome, found["reason"]) == ("refused", "steps_unmapped")
    assert found["have"] == 0.5


# Hand-offs and pairs --------------------------------------------------------------------------


def world(slope: float) -> tuple[Table, Table]:
    random = np.random.default_rng(4)
    rows, answers = [], []
    for n in range(200):
        moves = n % 4
        for k in range(moves + 1):
            rows.append((f"c{n}", f"a{k}", k / 10, f"d{k}", f"p{n}"))
        score = 4 + slope * moves + random.normal(0, 0.5)
        answers.append((f"r{n}", f"p{n}", score, START + 10 * DAY))
    columns = ["response_id", "customer_id", "csat", "date"]
    responses = pd.DataFrame(answers, columns=columns)
    return log_of(rows, "department", "customer_id"), Table.of(responses, "responses")


@pytest.mark.parametrize(("slope", "outcome"), [(-0.3, "costs"), (0.3, "gains"), (0.0, "none")])
def test_the_slope_per_hand_off_is_found(slope: float, outcome: str) -> None:
    events, responses = world(slope)
    found = journey.hand_offs(events, responses)
    assert found.outcome == outcome
    interval = found.estimate("slope")
    assert (interval.low or 0) <= slope <= (interval.high or 0)
    assert found.table is not None
    assert list(found.table["hand_off_count"]) == ["0", "1", "2", "3"]


def test_answers_before_the_case_are_not_joined() -> None:
    events, responses = world(0)
    early = responses.frame.assign(date=START - DAY)
    found = journey.hand_offs(events, Table.of(early, "responses"))
    assert found.outcome == "counted"
    assert {"key": "answers_not_joined"} in found.caveats


def test_too_few_customers_and_equal_hand_offs_have_no_slope() -> None:
    answers = pd.DataFrame({"cluster": range(12), "hand_offs": 1, "score": 3.0, "weight": 1.0})
    with pytest.raises(Refuse, match="hand_offs_alike"):
        contact.fit(answers)
    with pytest.raises(Refuse, match="few_customers"):
        contact.fit(answers.head(9))


def test_hand_offs_are_counted_without_a_survey() -> None:
    events, _ = world(0)
    found = journey.hand_offs(events, Table.absent("responses"))
    assert found.outcome == "counted"
    assert found.estimate("hand_offs").value == pytest.approx(1.5)
    assert {"key": "table_missing", "table": "responses"} in found.caveats


def test_a_step_without_department_is_no_change() -> None:
    rows = [("c", "a", 0, "one"), ("c", "b", 1, None), ("c", "d", 2, "two")]
    log = eventlog.read(log_of(rows, "department"))
    assert list(log.cases()[["hand_offs", "unknown_moves"]].iloc[0]) == [0, 2]


def employees(scores: dict[tuple[str, str], int]) -> Table:
    rows = [
        (f"{one}{n}", one, two, "contact", score + n % 2)
        for (one, two), score in scores.items()
        for n in range(12)
    ]
    frame = pd.DataFrame(rows, columns=["respondent", "department", "other", "question", "score"])
    return Table.of(frame, "employees", scales={"score": (0, 10)})


def test_the_pair_that_hands_over_and_does_not_talk_is_named() -> None:
    events, _ = world(0)
    talk = {("d0", "d1"): 1, ("d1", "d0"): 2, ("d1", "d2"): 8}
    found = journey.silent_pairs(events, employees(talk))
    assert (found.outcome, found["one"], found["other"]) == ("silent", "d0", "d1")
    assert (found["cases"], found["measured"]) == (150, 2)
    better = journey.silent_pairs(events, employees(dict.fromkeys(talk, 8)))
    assert better.outcome == "none"


def test_under_ten_employees_contact_is_unmeasured() -> None:
    events, _ = world(0)
    few = employees({("d0", "d1"): 1})
    found = journey.silent_pairs(
        events, Table.of(few.frame.head(9), "employees", scales={"score": (0, 10)})
    )
    assert found["measured"] == 0


@pytest.mark.parametrize(
    ("hand_offs", "verdict"), [(5, "few_hand_offs"), (20, "silent")]
)  # the usual pair has 10
def test_verdict_of_a_pair(hand_offs: int, verdict: str) -> None:
    from cxlib.core import Estimate

    low = Estimate(2, 1, 3, "scale", 20)
    assert contact.verdict(hand_offs, 10, low, 5) == verdict
    assert contact.verdict(20, 10, None, 5) == "unmeasured"
    assert contact.verdict(20, 10, Estimate(7, 6, 8, "scale", 20), 5) == "talks"


# Origins, causes, recurrence --------------------------------------------------------------------


def problem_world(outside: float) -> tuple[Table, Table, Table, Table]:
    """Hundred and twenty dissatisfied customers with one coded problem each."""
    n = 120
    areas = ["billing" if k < outside * n else "service" for k in range(n)]
    rows = [(f"c{k}", "fail", 1, area, f"p{k}", "process", False) for k, area in enumerate(areas)]
    events = log_of(rows, "department", "customer_id", "cause", "resolved")
    departments = pd.DataFrame({"department": ["billing", "service"], "is_service": [False, True]})
    ids = [f"p{k}" for k in range(n)]
    responses = pd.DataFrame({"customer_id": ids, "nps": [3] * n, "date": START + 9 * DAY})
    customers = pd.DataFrame({"customer_id": ids, "end": START + 20 * DAY, "revenue": 10.0})
    return (
        events, Table.of(departments, "departments"), Table.of(responses, "responses"),
        Table.of(customers, "customers"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outside", "outcome", "area"),
    [(0.7, "outside", "billing"), (0.2, "inside", "service"), (0.5, "undecided", "billing")],
)
def test_the_side_of_the_planted_share_is_told(outside: float, outcome: str, area: str) -> None:
    found = journey.scope(*problem_world(outside))
    assert (found.outcome, found["area"]) == (outcome, area)
    assert found.estimate("dissatisfaction").value == pytest.approx(outside)
    assert found.estimate("lost_revenue").value == pytest.approx(outside)


def test_several_areas_share_one_answer_and_later_problems_do_not_count() -> None:
    events, departments, responses, _ = problem_world(0.5)
    frame = events.frame
    second = frame.head(1).assign(case_id="extra", department="service")
    late = frame.head(1).assign(case_id="late", department="service", start=START + 50 * DAY)
    more = Table.of(pd.concat([frame, second, late]), "events")
    found = journey.scope(more, departments, responses)
    assert found.estimate("dissatisfaction").value == pytest.approx((60 - 0.5) / 120)


def test_areas_of_few_people_stand_together() -> None:
    found = journey.scope(*problem_world(0.98))
    assert found.table is not None
    assert list(found.table["department"]) == ["billing", "others_inside"]


def test_nobody_with_a_problem_is_refused() -> None:
    events, departments, responses, _ = problem_world(0.5)
    happy = Table.of(responses.frame.assign(nps=10), "responses")
    assert journey.scope(events, departments, happy)["reason"] == "no_problem_met"


def test_causes_split_a_case_with_two_and_count_the_uncoded() -> None:
    rows = [(f"c{k}", "x", 1, "policy", False) for k in range(60)]
    rows += [(f"c{k}", "y", 2, "people", None) for k in range(20)]
    rows += [(f"u{k}", "x", 1, None, False) for k in range(40)]
    rows += [(f"s{k}", "x", 1, None, True) for k in range(100)]
    found = journey.causes(log_of(rows, "cause", "resolved"))
    assert (found.outcome, found["cause"]) == ("leads", "policy")
    assert found.estimate("cause_share").value == pytest.approx(0.5)  # (40 + 20 / 2) / 100
    assert found.estimate("uncoded").value == pytest.approx(0.4)
    assert found.estimate("unresolved").value == pytest.approx(0.5)


def test_the_last_word_on_a_case_decides() -> None:
    rows = [("c", "x", 1, "policy", False), ("c", "y", 2, None, True), ("d", "x", 1, None, True)]
    assert journey.causes(log_of(rows, "cause", "resolved")).outcome == "none"


def test_leaving_is_no_censoring() -> None:
    days, event = [3, 5, 5, 8, 10, 12, 12, 15, 20, 20], [1, 2, 1, 0, 1, 1, 0, 2, 1, 0]
    times, again, _ = chains.incidence(days, event)
    naive = chains.incidence(days, [1 if e == 1 else 0 for e in event])[1]
    assert naive[-1] > again[-1]
    assert chains.at(times, again, 11) == pytest.approx(0.316666666667)
    assert chains.at(times, again, 1) == 0


def test_weights_of_a_draw_are_copies_of_rows() -> None:
    days, event = np.array([3.0, 5, 8, 9]), np.array([1, 2, 0, 1])
    _, weighted, _ = chains.incidence(days, event, np.array([2, 1, 0, 1]))
    _, copied, _ = chains.incidence([3, 3, 5, 9], [1, 1, 2, 1])
    assert weighted == pytest.approx(copied)


def test_unresolved_problems_come_back_more() -> None:
    rows = []
    for k in range(200):
        bad = k % 2 == 0
        rows.append((f"a{k}", "x", 1, "bill", f"p{k}", "process", not bad))
        if k % 10 < (5 if bad else 1):
            rows.append((f"b{k}", "x", 20 + k / 100, "bill", f"p{k}", "process", not bad))
    rows.append(("end", "x", 300, "other", "last", "process", True))
    found = journey.recurrence(log_of(rows, "topic", "customer_id", "cause", "resolved"), draws=100)
    assert found.outcome == "unresolved_more"
    assert found.estimate("again_30").value < 0.5
    # customers' names are keyed: another key orders them otherwise and must move no digit
    named = [(*row[:4], row[4][::-1], *row[5:]) for row in rows]
    equal = journey.recurrence(
        log_of(named, "topic", "customer_id", "cause", "resolved"), draws=100
    )
    assert equal.values == found.values


# Chains -----------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 50), min_size=4, max_size=4), min_size=2, max_size=2))
def test_absorption_adds_up_to_one_and_errors_are_finite(counts: list[list[int]]) -> None:
    found = chains.absorb_counts(counts)
    assert found.absorption.sum(axis=1) == pytest.approx(1)
    assert found.errors is not None
    assert np.isfinite(found.errors).all()


def test_a_state_that_never_ends_is_refused() -> None:
    with pytest.raises(Refuse, match="no_end_state"):
        chains.absorb([[0, 0.5], [0, 1.0]], [[0.5], [0.0]])


def test_contacts_without_customer_are_refused() -> None:
    contacts = pd.DataFrame(
        {"customer": [None, "u"], "channel": "app", "topic": "t", "time": [START, START]}
    )
    with pytest.raises(Refuse, match="unknown_identity"):
        chains.containment(contacts, ["app"], ["phone"])


# Refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "reason"),
    [([("c", "a", 0), ("c", "a", 1)], "one_activity"), ([("c", "a", np.nan)], "column_missing")],
)
def test_a_log_that_says_nothing_is_refused(rows: list, reason: str) -> None:
    assert journey.variants(log_of(rows))["reason"] == reason


def test_the_log_stays_right_over_a_change_of_clocks() -> None:
    stamps = pd.to_datetime(["2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"], utc=True)
    frame = pd.DataFrame({"case_id": "c", "activity": ["a", "b"], "start": stamps})
    log = eventlog.read(Table.of(frame, "events"))
    assert 24 * log.cases()["days"][0] == pytest.approx(1)
