"""Writes advice.json: people's numbers before and after an AI's, and what they come to, for tests/it/analyses/advice.rs.

    python3 -m venv venv && venv/bin/pip install numpy statsmodels
    venv/bin/python tests/golden/advice.py

The ratio of sums is the slope of moves on distances through the origin, the mean an intercept: regressions of statsmodels with errors
clustered by user. Shares have Wilson's interval with the number of outputs that the clustered variance is worth. The median has numpy's
order statistics, at the ranks that so many independent outputs would have.
"""
import json
import math
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

RNG = np.random.default_rng(1997)


def people(users, most):
    """Rows of user, own number, the AI's, the number kept. Users differ in how far they move."""
    rows = []
    for user in range(users):
        leaning = RNG.beta(0.8, 1.2)
        for _ in range(int(RNG.integers(1, most + 1))):
            own, ai = (int(x) for x in RNG.integers(-40, 100, 2))
            step = RNG.choice([0.0, 1.0, leaning, -0.2, 1.3], p=[0.4, 0.15, 0.35, 0.05, 0.05])
            rows.append((user, own, ai, round(own + step * (ai - own), 2)))
    return rows


def clustered(y, x, groups):
    """The slope through the origin with its CR1 error, and the critical value of so many users."""
    fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds=dict(groups=groups), use_t=False)
    number = len(set(groups.tolist()))
    critical = float(norm.ppf(0.975) if number >= 50 else t.ppf(0.975, number - 1))
    return float(fit.params[0]), float(fit.bse[0]), critical


def linear(value, error, critical, ends=(-math.inf, math.inf)):
    interval = [max(value - critical * error, ends[0]), min(value + critical * error, ends[1])]
    return dict(value=value, standard_error=error, interval=interval)


def worth(share, error, n):
    return min(share * (1 - share) / error**2, n)


def wilson(which, groups):
    share, error, critical = clustered(which.astype(float), np.ones(len(which)), groups)
    trials = worth(share, error, len(which))
    alpha = 2 * float(norm.sf(critical))
    return dict(value=share, interval=list(map(float, proportion_confint(share * trials, trials, alpha, "wilson"))))


def median(weights, groups):
    value = float(np.median(weights))
    share, error, critical = clustered((weights <= value).astype(float), np.ones(len(weights)), groups)
    half = critical * 0.5 / math.sqrt(worth(share, error, len(weights)))
    ends = np.sort(weights), len(weights)
    at = lambda rank: float(ends[0][rank - 1])
    return dict(value=value, interval=[at(math.floor(ends[1] * (0.5 - half))), at(math.ceil(ends[1] * (0.5 + half)))])


def told(rows):
    known = [row for row in rows if row[1] != row[2]]
    groups, own, ai, kept = (np.array(column) for column in zip(*known))
    moved, distance = kept - own, (ai - own).astype(float)
    raw = moved / distance
    weights = raw.clip(0, 1) + 0.0  # no negative zero
    mean = clustered(weights, np.ones(len(weights)), groups)
    slope = clustered(moved, distance, groups)
    return dict(
        rows=rows,
        n=len(known),
        users=len(set(groups.tolist())),
        mean=linear(*mean, (0, 1)),
        median=median(weights, groups),
        ratio_of_sums=linear(*slope),
        away=wilson(raw < 0, groups),
        kept=wilson(raw == 0, groups),
        between=wilson((raw > 0) & (raw < 1), groups),
        taken=wilson(raw == 1, groups),
        beyond=wilson(raw > 1, groups),
    )


slices = dict(many=told(people(70, 9)), few=told(people(12, 14)))
Path(__file__).with_name("advice.json").write_text(json.dumps(slices) + "\n")
