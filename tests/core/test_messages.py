from __future__ import annotations

from zoo_lab.core.messages import readable, reason

GRAPH_ERROR = """Graph execution error:

Detected at node loss/xent/Sparse defined at (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main

  File "/lib/site-packages/pyspark/python/lib/pyspark.zip/pyspark/daemon.py", line 292, in <module>

  File "/home/ada/layers.py", line 12, in call

  File "/lib/site-packages/keras/src/ops/nn.py", line 2216, in sparse_categorical_crossentropy

Received a label value of 7 which is outside the valid range of [0, 2).  Label values: 7 0
\t [[{{node loss/xent/Sparse}}]] [Op:__inference__compute_351]"""


def test_a_graph_s_error_keeps_its_sentence_its_operation_and_the_user_s_frames():
    assert readable(GRAPH_ERROR).splitlines() == [
        '  File "/home/ada/layers.py", line 12, in call',
        "Received a label value of 7 which is outside the valid range of [0, 2).  Label values: 7 0",
        "(in loss/xent/Sparse)",
    ]


def test_an_ordinary_message_stays_as_it_is():
    assert readable("a dict has no [key]\nat all") == "a dict has no [key]\nat all"


def test_a_reason_is_one_line_and_not_endless():
    assert reason(ValueError("one\n  two")) == "ValueError: one two"
    assert reason(KeyError()) == "KeyError"
    assert len(reason(ValueError("x" * 5000))) == 1000
