from zoo_lab.core.events import Notice
from zoo_lab.core.stream import EventStream

EVENT = Notice(run="r", text="hello")


def test_listeners_hear_every_event_in_their_order():
    stream, heard = EventStream(), []
    stream.subscribe(lambda event: heard.append(("first", event)))
    stream.subscribe(lambda event: heard.append(("second", event)))
    stream.emit(EVENT)
    assert heard == [("first", EVENT), ("second", EVENT)]


def test_who_unsubscribes_hears_no_more():
    stream, heard = EventStream(), []
    unsubscribe = stream.subscribe(heard.append)
    unsubscribe()
    unsubscribe()
    stream.emit(EVENT)
    assert heard == []


def test_a_listener_that_fails_is_reported_once_and_left_out(capsys):
    stream, heard = EventStream(), []

    def fail(_event):
        raise ZeroDivisionError("broken display")

    stream.subscribe(fail)
    stream.subscribe(heard.append)
    stream.emit(EVENT)
    stream.emit(EVENT)
    assert heard == [EVENT, EVENT]
    assert capsys.readouterr().err.count("a listener failed and was removed") == 1


def test_a_listener_may_leave_while_it_listens():
    stream, heard = EventStream(), []

    def once(event):
        heard.append(event)
        leave()

    leave = stream.subscribe(once)
    stream.emit(EVENT)
    stream.emit(EVENT)
    assert heard == [EVENT]
