"""The cost model of docs/guide/scale.md: formula, simulation and guide say the same."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

pytest.importorskip("simpy", reason="pip install simpy")

from scale_model import Case, Cluster, Photos, Prices, Store
from scale_report import CIRCUMSTANCES, GUIDE, REPORT, TABLE_HEAD, cases, guide_rows, main
from scale_simulation import simulated

CALM = Cluster(nodes=10, preemptions=0, slow=0)
# What befalls the cluster, its store, and what decides.
CASES = {
    "calm": (CALM, Store(), "workers"),
    "stragglers": (replace(CALM, slow=0.2, slowness=3.0), Store(), "workers"),
    "preemptions": (replace(CALM, nodes=20, preemptions=12, start=60), Store(), "workers"),
    "a far store": (CALM, Store(get=0.6, put=1.2), "workers"),
    "a store that refuses": (CALM, Store(put_limit=16), "PUT requests"),
    "slow drivers": (replace(CALM, dispatch=2.0, runs=2), Store(), "drivers"),
}


def case(cluster, store=None):
    """Eight batches for each worker."""
    count = cluster.nodes * cluster.workers * 8 * cluster.batch
    return Case(count, Photos.measured("12 megapixels"), cluster, store or Store())


@cache
def simulations(name):
    cluster, store, _ = CASES[name]
    return [simulated(case(cluster, store), seed) for seed in range(4 if cluster.preemptions else 1)]


@pytest.mark.parametrize("name", CASES)
def test_formula_and_simulation_agree_within_a_twentieth(name):
    cluster, store, decides = CASES[name]
    asked, runs = case(cluster, store), simulations(name)
    assert min(asked.limits, key=asked.limits.get) == decides
    assert asked.seconds == pytest.approx(np.mean([run.seconds for run in runs]), rel=0.05)
    for run in runs:
        assert run.photos == asked.count
        assert run.puts >= run.photos + run.done_twice
        assert (run.preemptions > 0) == (cluster.preemptions > 0)
        assert (run.refused > 0) == (decides == "PUT requests")
    if cluster.preemptions:
        assert asked.done_twice == pytest.approx(np.mean([run.done_twice for run in runs]), rel=0.25)


@pytest.mark.parametrize("name", ["stragglers", "a far store", "a store that refuses", "slow drivers"])
def test_each_part_of_the_formula_counts(name):
    """Without what befalls the cluster, the formula is far from the simulation: that they agree is no accident."""
    assert case(CALM).seconds < 0.94 * simulations(name)[0].seconds


def test_preemptions_count():
    assert case(CALM).seconds < 0.8 * simulated(case(replace(CALM, preemptions=60))).seconds


def test_a_photo_is_done_whatever_becomes_of_its_workers():
    asked = case(replace(CALM, nodes=2, preemptions=120))
    run = simulated(asked)
    assert run.preemptions > 2
    assert run.photos == asked.count


def test_the_guide_has_the_formulas_table():
    text = GUIDE.read_text(encoding="utf-8")
    assert TABLE_HEAD + "\n" + "\n".join(guide_rows()) in text, "run tests/benchmarks/scale/scale_report.py"


def test_the_report_has_every_case_by_the_formula_of_today_and_it_is_close():
    rows = json.loads(REPORT.read_text())["rows"]
    found = list(cases())
    assert [(row["size"], row["circumstances"], row["nodes"]) for row in rows] == [each[:3] for each in found]
    for row, (*_, asked) in zip(rows, found, strict=True):
        assert row["formula"] == round(asked.seconds, 1)
        assert abs(row["difference"]) < 0.1
    assert {row["nodes"] for row in rows} == {10, 100, 1000}
    assert set(CIRCUMSTANCES) < {row["circumstances"] for row in rows}


def test_prices_are_parameters():
    dear = replace(case(CALM), prices=Prices(node_hour=1.0, get_thousand=1.0, put_thousand=2.0, gigabyte_month=3.0))
    count, kept = dear.count, dear.count * dear.photos.bytes_out.mean() / 1e9
    requests = count / 1000 * 1 + (count + count / 1000) / 1000 * 2
    assert dear.dollars == pytest.approx(
        {"nodes": CALM.nodes * dear.seconds / 3600, "requests": requests, "keeping": 3 * kept}
    )


@pytest.mark.slow
def test_the_report_is_written_anew():
    main()
