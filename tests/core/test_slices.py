import pytest

from zoo_lab.core.slices import slice_bounds


@pytest.mark.parametrize("size", [0, 1, 2, 7, 16, 1000])
@pytest.mark.parametrize("parts", [1, 2, 3, 5, 16])
def test_slices_cover_everything_once_in_order_and_nearly_equally(size, parts):
    bounds = [slice_bounds(size, parts, index) for index in range(parts)]
    assert [value for start, stop in bounds for value in range(start, stop)] == list(range(size))
    lengths = [stop - start for start, stop in bounds]
    assert max(lengths) - min(lengths) <= 1
    assert lengths == sorted(lengths, reverse=True)


def test_slice_starts_follow_the_table_of_the_design():
    assert all(slice_bounds(23, 5, i)[0] == i * (23 // 5) + min(i, 23 % 5) for i in range(5))
