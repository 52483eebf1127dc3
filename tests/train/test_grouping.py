from zoo_lab.train.grouping import SINGLE_JOBS, Grouping, most_iterations


def measured(launch, iteration, most=200, asked="auto"):
    grouping = Grouping(asked, most)
    for _ in range(SINGLE_JOBS + 1):
        grouping.note(grouping.size, launch, iteration * grouping.size)
    return grouping


def test_short_iterations_share_a_job_of_a_second():
    grouping = measured(launch=0.020, iteration=0.005)
    assert grouping.size == 200
    assert grouping.why == "a job's launch takes 20 ms and an iteration 5.0 ms, so 200 of them share a job"


def test_iterations_that_dwarf_the_launch_have_a_job_each():
    grouping = measured(launch=0.020, iteration=0.250)
    assert grouping.size == 1
    assert grouping.why.endswith("so each has its own")


def test_iterations_share_a_job_where_rows_are_made_ahead_in_it():
    grouping = Grouping("auto", 200, ahead=True)
    for _ in range(SINGLE_JOBS + 1):
        grouping.note(grouping.size, 0.02, 0.2 * grouping.size)
    assert grouping.size == 5
    assert "rows are made ahead within a job, so 5 of them share a job" in grouping.why


def test_the_first_five_jobs_are_single_and_the_first_is_not_counted():
    grouping = Grouping("auto", 200)
    sizes = []
    for seconds in (9.0, *[0.005] * SINGLE_JOBS):
        sizes.append(grouping.size)
        grouping.note(1, 0.02, seconds)
    assert sizes == [1] * (SINGLE_JOBS + 1)
    assert grouping.size == 200


def test_a_group_is_no_larger_than_the_memory_for_its_orders():
    assert measured(launch=0.020, iteration=0.0001, most=64).size == 64
    assert most_iterations("auto", 1 << 20) == 4
    assert most_iterations("auto", 1 << 30) == 1
    assert most_iterations(7, 1 << 30) == 7


def test_a_size_that_was_asked_for_is_kept():
    assert measured(launch=1.0, iteration=0.001, asked=3).size == 3
    assert measured(launch=1.0, iteration=0.001, asked=1).size == 1


def test_callbacks_on_every_batch_allow_one_iteration_a_job():
    assert measured(launch=1.0, iteration=0.001, most=1).size == 1


def test_iterations_that_grow_longer_make_smaller_groups():
    grouping = measured(launch=0.020, iteration=0.005)
    for _ in range(SINGLE_JOBS):
        grouping.note(100, 0.020, 100 * 0.050)
    assert grouping.size == 20
