"""Training: what a run is given beside a model and data.

api checks the arguments · trainer takes a run from start to end · loop obeys the plan · sync moves and sums · step computes.
"""

from zoo_lab.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "BestMetric": "zoo_lab.core.triggers",
        "Checkpoints": "zoo_lab.train.saving",
        "DropSlow": "zoo_lab.train.stragglers",
        "EveryEpoch": "zoo_lab.core.triggers",
        "EveryIterations": "zoo_lab.core.triggers",
        "EveryMinutes": "zoo_lab.core.triggers",
        "KeepWeights": "zoo_lab.train.keeping",
        "MaxEpoch": "zoo_lab.core.ends",
        "MaxIteration": "zoo_lab.core.ends",
        "MaxScore": "zoo_lab.core.ends",
        "MinLoss": "zoo_lab.core.ends",
        "TrainSummary": "zoo_lab.train.summary",
        "ValidationSummary": "zoo_lab.train.summary",
    },
)
