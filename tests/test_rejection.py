"""Rejection by hand, and against every threshold there is."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lenet.rejection import errors_left, rejected_for

MARGINS = np.array([5.0, 1.0, 9.0, 2.0, 3.0])
WRONG = np.array([False, True, False, False, True])
images = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40)


def test_the_curve_by_hand():
    # in the order of rejection: wrong (1), right (2), wrong (3), right (5), right (9)
    assert errors_left(MARGINS, WRONG).tolist() == [2, 1, 1, 0, 0, 0]


def test_the_images_to_reject_by_hand():
    assert rejected_for(0.4, MARGINS, WRONG) == 0  # 2 of 5
    assert rejected_for(0.25, MARGINS, WRONG) == 1  # 1 of 4
    assert rejected_for(0.2, MARGINS, WRONG) == 3  # 1 of 3 is too many, 0 of 2 is not


def test_of_equal_margins_the_right_answers_go_first():
    assert errors_left(np.zeros(3), np.array([True, False, False])).tolist() == [1, 1, 1, 0]


@settings(deadline=None)
@given(images, st.floats(0, 1))
def test_no_threshold_does_better(images, error):
    margins, wrong = (np.array(column) for column in zip(*images, strict=True))
    counts = []
    for threshold in [-1, *margins]:
        accepted = margins > threshold
        if wrong[accepted].sum() <= error * accepted.sum():
            counts.append((~accepted).sum())
    found = rejected_for(error, margins, wrong)
    assert found <= min(counts)
    left = errors_left(margins, wrong)[found]
    assert left <= error * (len(wrong) - found)
