"""Writes changes.json: effects of changes by statsmodels, for tests/it/golden/changes.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels
    venv/bin/python tests/golden/changes.py

Ordinary least squares on indicators with a covariance clustered by user. statsmodels' correction for the number of parameters,
(N-1)/(N-K), is left out, and G/(G-1) kept, as everywhere here.
"""
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm

rng = np.random.default_rng(20261125)


def outputs(users, n, cells, effect):
    """Of each output: user, cell, and whether it was accepted. Users are in all cells and differ."""
    user = rng.integers(users, size=n)
    cell = rng.integers(cells, size=n)
    skill = rng.normal(0.2, 0.9, users)
    y = (rng.random(n) < 1 / (1 + np.exp(-(skill[user] + effect * (cell == cells - 1))))).astype(float)
    return user, cell, y


def fit(y, x, user):
    groups = len(np.unique(user))
    found = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds=dict(groups=user, use_correction=False), use_t=True)
    return found, np.sqrt(groups / (groups - 1)), groups


def case(user, cell, y, found, correction, groups, weights):
    from scipy import stats
    value = float(weights @ found.params)
    se = float(np.sqrt(weights @ found.cov_params() @ weights) * correction)
    few = groups < 50
    t = stats.t(groups - 1) if few else stats.norm()
    half = t.ppf(0.975) * se
    return dict(user=user.tolist(), cell=cell.tolist(), y=y.astype(int).tolist(), value=value, se=se,
                interval=[value - half, value + half], p=float(2 * t.sf(abs(value / se))))


def differences_in_differences():
    """Cells: control before, control after, treated before, treated after. The interaction of a regression."""
    out = []
    for users, n, effect in ((30, 900, 0.6), (140, 2400, -0.3)):
        user, cell, y = outputs(users, n, 4, effect)
        treated, after = cell // 2, cell % 2
        x = np.column_stack([np.ones(n), treated, after, treated * after])
        found, correction, groups = fit(y, x, user)
        out.append(case(user, cell, y, found, correction, groups, np.array([0, 0, 0, 1.0])) | dict(weights=[1, -1, -1, 1]))
    return out


def several_controls():
    """Two controls with weights: a saturated regression, and a contrast of its cells."""
    user, cell, y = outputs(60, 2000, 6, 0.5)
    x = (cell[:, None] == np.arange(6)).astype(float)
    found, correction, groups = fit(y, x, user)
    weights = np.array([0.3, -0.3, 0.7, -0.7, -1.0, 1.0])
    return [case(user, cell, y, found, correction, groups, weights) | dict(weights=weights.tolist())]


def panels():
    """Users who move one after the other, the keen first: a regression on indicators of all users and days. The variance leaves each
    user out in turn, by the user's share of the weight of what users and days leave of the side; (G-1)/G as of a jackknife."""
    from scipy import stats
    out = []
    for users, days, n, moving in ((60, 12, 1500, 1.0), (150, 21, 6000, 0.6), (14, 9, 500, 1.0)):
        busy = rng.exponential(1.0, users) + 0.05
        user = rng.choice(users, size=n, p=busy / busy.sum())
        day = rng.integers(days, size=n)
        keen = rng.normal(0.0, 0.8, users)
        turn = np.where(rng.random(users) < moving, 2 + (days - 2) * (np.argsort(np.argsort(-keen)) / users), days)
        z = (day >= turn[user]).astype(float)
        y = (rng.random(n) < 1 / (1 + np.exp(-(keen[user] + 0.05 * day + 0.4 * z)))).astype(float)
        people = (user[:, None] == np.unique(user)).astype(float)
        dummies = np.column_stack([people, (day[:, None] == np.arange(1, days)).astype(float)])
        value = float(sm.OLS(y, np.column_stack([z, dummies])).fit().params[0])
        z_left, y_left = (sm.OLS(v, dummies).fit().resid for v in (z, y))
        h = people.T @ z_left**2 / (z_left @ z_left)
        s = people.T @ (z_left * (y_left - value * z_left)) / (z_left @ z_left)
        tell = h > 1e-9
        groups, fewest = int(tell.sum()), int(1 / (h**2).sum())
        se = float(np.sqrt((groups - 1) / groups * ((s[tell] / (1 - h[tell])) ** 2).sum()))
        # Without leaving anybody out it is the sandwich of statsmodels.
        sandwich = sm.OLS(y, np.column_stack([z, dummies])).fit(
            cov_type="cluster", cov_kwds=dict(groups=user, use_correction=False)).bse[0]
        assert abs(np.sqrt((s**2).sum()) / sandwich - 1) < 1e-9
        t = stats.t(fewest - 1) if fewest < 50 else stats.norm()
        half = t.ppf(0.975) * se
        out.append(dict(user=user.tolist(), day=day.tolist(), z=z.astype(int).tolist(), y=y.astype(int).tolist(), value=value, se=se,
                        interval=[value - half, value + half], p=float(2 * t.sf(abs(value / se))), users=groups, fewest=fewest))
    return out


def slopes():
    """The slope over four weeks of one side less the other: the coefficient of time in a regression of their differences."""
    user, cell, y = outputs(70, 2600, 8, 0.2)
    x = (cell[:, None] == np.arange(8)).astype(float)
    found, correction, groups = fit(y, x, user)
    slope = (np.arange(4) - 1.5) / ((np.arange(4) - 1.5) ** 2).sum()
    weights = np.column_stack([-slope, slope]).ravel()
    means = found.params.reshape(4, 2)
    line = sm.OLS(means[:, 1] - means[:, 0], sm.add_constant(np.arange(4))).fit()
    assert abs(weights @ found.params - line.params[1]) < 1e-12
    return [case(user, cell, y, found, correction, groups, weights) | dict(weights=weights.tolist())]


golden = dict(cases=differences_in_differences() + several_controls() + slopes(), panels=panels())
Path(__file__).with_name("changes.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
