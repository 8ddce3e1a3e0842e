"""Public data as clients send them: the figures of their README, from YAML alone."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.intake import Intake, load


@pytest.fixture
def engagement(shared: Path, tmp_path: Path):
    """Copy files of a public set into an engagement and load it."""

    def loaded(config: str, *files: str) -> Intake:
        (tmp_path / "raw").mkdir()
        for file in files:
            shutil.copy(shared / "data" / file, tmp_path / "raw")
        (tmp_path / "engagement.yml").write_text(config)
        done = load(tmp_path)
        assert not done.rejected, done.problems
        return done

    return loaded


def reference(shared: Path, name: str) -> dict[str, float | str]:
    figures = json.loads((shared / "data" / name / "reference.json").read_text("utf-8"))["figures"]
    entries = figures if isinstance(figures, list) else figures.values()
    return {entry["key"]: entry["value"] for entry in entries}


def nps(answers: pd.Series, weights: pd.Series | float = 1.0) -> float:
    step = (answers >= 9).astype(float) - (answers <= 6).astype(float)
    return float(100 * np.average(step, weights=np.broadcast_to(weights, len(answers))))


def test_one_airport_wave_is_equal_from_csv_and_spss(engagement, shared: Path) -> None:
    columns = "{response_id: RESPNUM, nps: NETPRO, csat: Q7ALL, segment: BAREA, weight: WEIGHT}"
    done = engagement(
        f"""
name: sfo
files:
  responses:
    - file: raw/sfo_2017.csv.gz
      mapping: {columns}
      set: {{wave: csv}}
      missing_codes: {{csat: {{0: blank, Blank: blank, 6: not_applicable}}, nps: {{11: blank}}}}
    - file: raw/sfo_2017_extract.sav
      mapping: {columns}
      set: {{wave: sav}}
""",
        "sfo_airport/sfo_2017.csv.gz",
        "sfo_airport/sfo_2017_extract.sav",
    )
    answers = done.tables["responses"].frame
    ours, theirs = (answers[answers["wave"] == w].drop(columns="wave") for w in ("csv", "sav"))
    pd.testing.assert_frame_equal(
        ours.reset_index(drop=True), theirs.reset_index(drop=True), rtol=1e-9
    )
    said = reference(shared, "sfo_airport")
    scored = ours[ours["nps"].notna()]
    assert len(scored) == said["nps_valid_2017"]
    assert nps(scored["nps"]) == pytest.approx(said["nps_2017"], abs=1e-6)
    assert nps(scored["nps"], scored["weight"]) == pytest.approx(
        said["nps_weighted_2017"], abs=1e-6
    )
    assert ours["csat"].mean() == pytest.approx(said["overall_mean_2017"], abs=1e-6)


def test_a_code_left_undeclared_never_makes_a_promoter(engagement, shared: Path) -> None:
    done = engagement(
        "name: sfo\nfiles: {responses: raw/sfo_2018.csv.gz}\n"
        "mapping: {response_id: RESPNUM, nps: NETPRO}\n",
        "sfo_airport/sfo_2018.csv.gz",
    )
    answers = done.tables["responses"].frame["nps"].dropna()
    said = reference(shared, "sfo_airport")
    assert nps(answers) == pytest.approx(said["nps_2018"], abs=1e-6)
    assert nps(answers) != pytest.approx(said["nps_wrong_if_11_kept_2018"], abs=1e-3)
    aside = [p for p in done.problems if p.rule == "scale.out_of_range"]
    assert [p.values for p in aside] == [("11",)]


def test_the_case_called_na_is_there(engagement, shared: Path) -> None:
    done = engagement(
        "name: h\nfiles: {events: raw/hospital_billing.csv.gz}\n"
        "mapping: {case_id: case_id, activity: activity, start: timestamp}\n",
        "hospital_billing/hospital_billing.csv.gz",
    )
    events = done.tables["events"].frame
    said = reference(shared, "hospital_billing")
    assert events["case_id"].nunique() == said["cases"] != said["cases_if_NA_read_as_missing"]
    span = events.groupby("case_id")["start"].agg(["min", "max"])
    hours = (span["max"] - span["min"]).dt.total_seconds() / 3600
    assert hours.median() == pytest.approx(said["duration_median_h"], abs=1e-6)


def test_a_desk_log_is_in_utc(engagement, shared: Path) -> None:
    done = engagement(
        "name: b\nfiles: {events: raw/bpic2013_incidents.xes.gz}\n",
        "bpic2013_incidents/bpic2013_incidents.xes.gz",
    )
    events = done.tables["events"].frame
    said = reference(shared, "bpic2013_incidents")
    assert len(events) == said["inc_events"]
    assert events["case_id"].nunique() == said["inc_cases"]
    assert events["start"].min().isoformat() + "+00:00" == said["inc_first"]
    span = events.groupby("case_id")["start"].agg(["min", "max"])
    hours = (span["max"] - span["min"]).dt.total_seconds() / 3600
    assert hours.median() == pytest.approx(said["inc_duration_median_h"], abs=1e-6)


def test_citizens_in_spss_by_wave(engagement, shared: Path) -> None:
    files = {"2018": "Agua", "2021": "Q57", "2023": "Q29"}
    blocks = "".join(
        f"    - {{file: raw/aej_percepcion_{wave}.sav, mapping: {{response_id: id}}, "
        f"set: {{wave: {wave}}}, scale: {{delivered: {{min: 1, max: 10}}}}, "
        f"unpivot: {{{column}: {{topic: agua}}}}}}\n"
        for wave, column in files.items()
    )
    done = engagement(
        "name: j\nfiles:\n  ratings:\n" + blocks,
        *(f"juarez_percepcion/aej_percepcion_{wave}.sav" for wave in files),
    )
    by_wave = done.tables["ratings"].frame.groupby("wave")["delivered"]
    said = reference(shared, "juarez_percepcion")
    for wave in files:
        assert by_wave.get_group(wave).count() == said[f"agua_{wave}_n"]
        assert by_wave.get_group(wave).mean() == pytest.approx(said[f"agua_{wave}_mean"], abs=1e-6)


def test_churn_has_its_dates_from_tenure(engagement, shared: Path) -> None:
    done = engagement(
        """
name: t
files: {customers: raw/telco_churn.csv.gz}
mapping:
  customer_id: customerID
  segment: Contract
  start: {months: tenure, until: 2020-01-01}
  end: {value: 2020-01-01, when: {Churn: [Yes]}}
  revenue: MonthlyCharges
""",
        "telco_churn/telco_churn.csv.gz",
    )
    customers = done.tables["customers"].frame
    said = reference(shared, "telco_churn")
    assert 100 * customers["end"].notna().mean() == pytest.approx(said["churn_rate"], abs=1e-6)
    assert customers["revenue"].sum() == pytest.approx(said["mrr"])
    months = (pd.Timestamp("2020-01-01") - customers["start"]).dt.days / 30.4375
    assert months[customers["end"].notna()].round().median() == said["tenure_median_churned"]


def test_hotel_months_that_appear_once(engagement, shared: Path) -> None:
    done = engagement(
        """
name: d
files:
  operations:
    file: raw/hotel_month.csv.gz
    mapping: {unit: hotelid, period: month, value: {over: stars_sum, by: n_ratings}}
    set: {metric: stars}
    duplicates: {keep: none}
  finance:
    file: raw/hotel_month.csv.gz
    mapping: {unit: hotelid, period: month}
    unpivot: {Total_Room_Receipts: {metric: revenue}}
    duplicates: {keep: none}
""",
        "dallas_hotels/hotel_month.csv.gz",
    )
    said = reference(shared, "dallas_hotels")
    money = done.tables["finance"].frame
    assert len(money) == said["clean_rows"]
    january = money.loc[money["period"] == "2021-01-01", "value"].sum()
    assert january == pytest.approx(said["receipts_2021-01"])
    assert len(done.tables["operations"].frame) == said["clean_rows"]


def test_a_spanish_bank(engagement, shared: Path) -> None:
    done = engagement(
        """
name: bank
files: {responses: raw/ecsi_bank_es.csv}
mapping: {response_id: "#1", csat: sat1, segment: gender}
scale: {csat: {min: 0, max: 10}}
""",
        "csi_models/ecsi_bank_es.csv",
    )
    answers = done.tables["responses"].frame
    said = reference(shared, "csi_models")
    means = answers.groupby("segment")["csat"].mean()
    assert means["female"] == pytest.approx(said["bank_sat1_mean_female"], abs=1e-6)
    assert means["male"] == pytest.approx(said["bank_sat1_mean_male"], abs=1e-6)
