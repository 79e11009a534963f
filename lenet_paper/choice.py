"""Held-out errors, by which settings are chosen: what the rows of a choice say."""

from lenet_paper.experiment import ResultRow


def held_out_errors(rows: list[ResultRow], **key: object) -> list[int]:
    """The errors after the last pass in the rows where each name of ``key`` has its value.

    In the order of their folds, whose numbers are their random seeds.
    """
    mine = [row for row in rows if all(row.get(name) == value for name, value in key.items())]
    return [row["errors_after_pass"][-1] for row in sorted(mine, key=lambda row: row["seed"])]
