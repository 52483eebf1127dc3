import pytest

from zoo_lab.core import errors

PAIRS = {
    errors.ArgumentError: ValueError,
    errors.EnvironmentProblem: RuntimeError,
    errors.DataError: ValueError,
    errors.ModelError: ValueError,
    errors.TrainingError: RuntimeError,
    errors.NumericsError: ArithmeticError,
    errors.WorkerError: errors.TrainingError,
    errors.MissingExtraError: ImportError,
}


@pytest.mark.parametrize("kind", PAIRS)
def test_each_error_is_also_what_people_catch(kind):
    assert issubclass(kind, errors.ZooLabError)
    assert issubclass(kind, PAIRS[kind])


def test_every_error_of_the_module_is_in_that_table():
    kinds = {k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.ZooLabError)}
    assert kinds - {errors.ZooLabError} == set(PAIRS)


def test_a_worker_error_keeps_the_remote_traceback_out_of_its_message():
    error = errors.WorkerError("short", "long\nlong")
    assert str(error) == "short"
    assert error.remote_traceback == "long\nlong"


def test_one_problem_is_told_on_one_line():
    assert str(errors.ArgumentError.listing("fit", ["Expected x."])) == "fit: Expected x."
