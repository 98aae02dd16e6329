"""Work over processes: as many as asked for, bounded by weight, a death known by its task, nothing left behind."""

import math
import multiprocessing
import operator
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from veraretouch.core.cli.batch import memory, pool
from veraretouch.core.cli.batch.pool import WorkerDied, cores, run

CHILDREN = multiprocessing.active_children


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_comes_back_with_its_result(jobs):
    done = dict(run(math.factorial, list(range(5)), jobs=jobs))
    assert done == {n: math.factorial(n) for n in range(5)}
    assert not CHILDREN()


def test_a_worker_that_dies_costs_its_own_task_alone():
    tasks = [os.getpid, partial(os._exit, 9), os.getpid]
    results = [result for _, result in run(operator.call, tasks, jobs=2)]
    assert WorkerDied(9) in results
    pids = [result for result in results if not isinstance(result, WorkerDied)]
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert not CHILDREN()


def test_one_job_works_in_this_process_and_prints_to_stderr(capsys):
    assert list(run(print, ["hello"], jobs=1)) == [("hello", None)]
    assert capsys.readouterr() == ("", "hello\n")


def test_one_task_needs_no_other_process():
    assert [result for _, result in run(operator.call, [os.getpid], jobs=2)] == [os.getpid()]


def test_a_task_that_is_to_be_apart_never_is_in_this_process():
    assert [result for _, result in run(operator.call, [partial(os._exit, 9)], apart=True)] == [WorkerDied(9)]


def test_one_job_leaves_descriptor_1_alone(capfd):
    assert len(list(run(os.system, ["echo from a library"], jobs=1))) == 1
    print("ours", flush=True)
    told = capfd.readouterr()
    assert told.out == "ours\n"
    assert told.err == "from a library\n"


def test_workers_leave_stdout_alone_and_share_the_cores(capfd):
    assert len(list(run(os.system, ["echo from a library", "echo twice"], jobs=2))) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert "from a library" in told.err
    if "OMP_NUM_THREADS" not in os.environ:
        threads = {result for _, result in run(os.getenv, ["OMP_NUM_THREADS", "OMP_NUM_THREADS"], jobs=2)}
        assert threads == {str(max(1, cores() // 2))}


def test_heavy_tasks_wait_for_room_and_one_alone_always_goes():
    start = time.perf_counter()
    done = list(run(time.sleep, [0.3, 0.3], jobs=2, weigh=lambda task: 10, budget=15))
    assert len(done) == 2
    assert time.perf_counter() - start > 0.6
    assert len(list(run(abs, [-1, -2], jobs=2, weigh=lambda task: 10, budget=1))) == 2


def test_stopping_early_ends_the_workers_at_once():
    start = time.perf_counter()
    for _ in run(time.sleep, [0.01, 60, 60], jobs=2):
        break
    assert time.perf_counter() - start < 5
    assert not CHILDREN()


def test_memory_has_a_budget_and_photos_a_weight_by_their_header(tmp_path):
    photo = Path(__file__).parents[3] / "data" / "photos" / "kodak-03.jpg"
    assert 2**20 < memory.budget() <= 2**62
    assert memory.weight(photo) == 160 * 107 * 64
    (tmp_path / "bad.jpg").write_text("text")
    assert memory.weight(tmp_path / "bad.jpg") == 0
    assert memory.weight(tmp_path / "none.jpg") == 0


def stay_deaf(seconds):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(seconds)


def test_a_worker_that_does_not_end_when_it_is_told_is_killed(monkeypatch):
    monkeypatch.setattr(pool, "_PATIENCE", 0.2)
    results = run(stay_deaf, [0.01, 60, 60], jobs=2)
    next(results)
    time.sleep(0.3)  # the other is deaf by now
    workers = CHILDREN()
    results.close()
    assert workers
    assert not any(worker.is_alive() for worker in workers)
