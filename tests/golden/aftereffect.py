"""Writes aftereffect.json: what marked trials do to those after them, for tests/it/golden/aftereffect.rs.

    python3 -m venv venv && venv/bin/pip install numpy
    venv/bin/python tests/golden/aftereffect.py

No library has it. It is written from its definition, with projections as matrices and all equations in one system.
"""
import json
from pathlib import Path

import numpy as np

rng = np.random.default_rng(20261201)
LAGS = 10
CLOSE = (-2, -1, 1, 2)
DISTANCES = (*CLOSE, *range(3, LAGS + 1))


def blocks(trials):
    start, length = 0, 16
    while start < trials:
        yield slice(start, min(start + length, trials))
        start, length = start + length, min(2 * length, 64)


def about_line(places):
    """The projection that removes level and slope."""
    if places < 3:
        return np.zeros((places, places))
    basis, _ = np.linalg.qr(np.vander(np.arange(places) - places / 2, 2))
    return np.eye(places) - basis @ basis.T


def weights(trials, lag):
    """By which x and y of a block are multiplied to give the sum of products so far apart."""
    matrix, pairs = np.zeros((trials, trials)), max(trials - abs(lag), 0)
    x, y = max(-lag, 0), max(lag, 0)
    matrix[x : x + pairs, y : y + pairs] = about_line(pairs)
    return matrix


ENOUGH = 20


def usual(courses):
    """The mean path of marks and cases, from the changes of those who go on."""
    path = np.zeros((max(len(course) for course in courses), 2))
    for at in range(1, len(path)):
        changes = [course[at] - course[at - 1] for course in courses if len(course) > at]
        path[at] = path[at - 1] + (np.mean(changes, axis=0) if len(changes) >= ENOUGH else 0)
    return path


def person(marked, cases):
    sums, system = np.zeros(len(DISTANCES)), np.zeros((len(DISTANCES),) * 2)
    for block in blocks(len(marked)):
        x, y = marked[block], cases[block]
        same = weights(len(x), 0)
        free = np.trace(same)
        if free < 0.5:
            continue
        for row, lag in enumerate(DISTANCES):
            own = weights(len(x), lag)
            own = own - np.diag(np.diag(own) / np.diag(same)) @ same
            sums[row] += x @ own @ y
            for column, distance in enumerate(DISTANCES):
                if distance in CLOSE or distance == lag:
                    system[row, column] += x @ same @ x / free * np.trace(own, offset=distance)
    return sums, system


def case(people, least, most, drop):
    courses = []
    for _ in range(people):
        accepts, was_bad = rng.uniform(0.4, 0.9), 0.0
        course = []
        for at in range(rng.integers(least, most + 1)):
            taken = float(rng.random() < accepts + 0.002 * at - drop * was_bad)
            was_bad = float(taken == 0 or rng.random() < 0.2)
            course.append((was_bad, taken))
        courses.append(np.array(course))
    path = usual(courses)
    found = [person(*(course - path[: len(course)]).T) for course in courses]
    system = sum(own[1] for own in found)
    effects = np.linalg.solve(system, sum(own[0] for own in found))
    influence = np.array([np.linalg.solve(system, sums - own @ effects) for sums, own in found])
    known = np.array([np.diag(own) > 1e-12 for _, own in found]).sum(axis=0)
    error = np.sqrt(known / (known - 1) * (influence**2).sum(axis=0))
    ahead = slice(2, None)
    return dict(courses=[course.astype(int).tolist() for course in courses], effects=effects[ahead].tolist(), errors=error[ahead].tolist(),
                people=known[ahead].tolist())


golden = dict(cases=[case(12, 14, 30, 0.0), case(9, 3, 150, 0.3), case(30, 5, 60, 0.2)])
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
