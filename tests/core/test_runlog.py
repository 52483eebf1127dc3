import math

import pytest

from zoo_lab.core.events import BatchRejected, Notice
from zoo_lab.core.runlog import RunLog, read_events


def notices(count):
    return [Notice(run="r", text=str(number)) for number in range(count)]


def written(path, events):
    log = RunLog(path)
    for event in events:
        log(event)
    log.close()


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "deep" / "er" / "run.jsonl"
    events = notices(3)
    written(path, events)
    assert list(read_events(path)) == events
    assert len(path.read_text().splitlines()) == 3


def test_nan_survives(tmp_path):
    path = tmp_path / "run.jsonl"
    written(path, [BatchRejected(run="r", iteration=1, epoch=0, step=1, loss=math.nan, reason="")])
    assert math.isnan(next(read_events(path)).loss)


def test_what_comes_after_close_is_appended_but_a_file_that_was_deleted_stays_so(tmp_path):
    path = tmp_path / "run.jsonl"
    first, late, last = notices(3)
    log = RunLog(path)
    log(first)
    log.close()
    log(late)
    log.flush()
    assert list(read_events(path)) == [first, late]
    path.unlink()
    log(last)
    assert not path.exists()


def test_flushed_lines_can_be_read_while_the_run_goes_on(tmp_path):
    path = tmp_path / "run.jsonl"
    log = RunLog(path, flush_seconds=0.0)
    log(notices(1)[0])
    assert len(list(read_events(path))) == 1
    log.close()


def test_a_last_line_cut_short_is_left_out(tmp_path):
    path = tmp_path / "run.jsonl"
    written(path, notices(2))
    path.write_text(path.read_text()[:-5])
    assert [event.text for event in read_events(path)] == ["0"]


def test_a_damaged_line_inside_is_named(tmp_path):
    path = tmp_path / "run.jsonl"
    written(path, notices(1))
    path.write_text("nonsense\n" + path.read_text())
    with pytest.raises(
        ValueError, match=r"run\.jsonl, line 1: expected an event written by zoo_lab; received 'nonsense"
    ):
        list(read_events(path))
