"""Java's classes are looked up once for a context, not in each job."""

import pytest

from zoo_lab.context.javaclasses import CLASSES, remember_classes


@pytest.mark.parametrize("name", CLASSES)
def test_a_context_keeps_the_classes_that_jobs_call(context, name):
    kept = vars(context.sc._jvm)[name.rpartition(".")[2]]
    assert kept._fqn == name


def test_a_job_asks_java_for_no_class_by_name(context, monkeypatch):
    client = context.sc._gateway._gateway_client
    asked = []
    send = type(client).send_command

    def noted(self, command, *args, **options):
        if command.startswith("r\nu\n"):
            asked.append(command.split("\n")[2])
        return send(self, command, *args, **options)

    monkeypatch.setattr(type(client), "send_command", noted)
    assert sorted(context.sc.parallelize(range(6), 2).map(lambda number: number * 2).collect()) == [0, 2, 4, 6, 8, 10]
    assert not set(asked) & {name.rpartition(".")[2] for name in CLASSES}
    assert context.sc._jvm.Integer(3) is not None  # and this is how a name is asked for
    assert asked[-1] == "Integer"


def test_classes_that_are_kept_are_not_asked_for_again(context):
    before = dict(vars(context.sc._jvm))
    remember_classes(context.sc)
    assert vars(context.sc._jvm) == before
