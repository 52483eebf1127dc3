"""Nests keep their form whatever happens to their leaves."""

from __future__ import annotations

from zoo_lab.feature.structure import Structure, leaves, map_leaves, name_leaves


def test_leaves_come_in_order_and_none_has_none() -> None:
    assert leaves({"b": 1, "a": [2, (3, None)]}) == [1, 2, 3]
    assert leaves(None) == []
    assert leaves(7) == [7]


def test_mapping_keeps_the_form() -> None:
    assert map_leaves(lambda leaf: leaf * 2, {"b": 1, "a": (2, [3])}) == {"b": 2, "a": [4, [6]]}
    assert map_leaves(str, None) is None


def test_each_leaf_gets_a_name_of_its_own() -> None:
    assert name_leaves("x", ["a", {"k": "a"}]) == ["x0", {"k": "x1"}]


def test_a_field_used_twice_is_listed_once() -> None:
    assert Structure(["a", "b"], "a", "w").fields() == ["a", "b", "w"]
