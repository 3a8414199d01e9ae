"""Writes comparison.json: comparisons computed by established libraries, for tests/it/golden/comparison.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels
    venv/bin/python tests/golden/comparison.py

The confidence sequence is written from its paper, since no library on PyPI builds without a compiler.
"""
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import normal_power_het
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

rng = np.random.default_rng(20260711)


def arm(users, n, shift):
    """Per user: accepted and decided; users differ."""
    user = rng.integers(users, size=n)
    skill = rng.normal(shift, 1, users)
    y = (rng.random(n) < 1 / (1 + np.exp(-skill[user]))).astype(float)
    fit = sm.OLS(y, np.ones(n)).fit(cov_type="cluster", cov_kwds=dict(groups=user), use_t=True)
    # CR1 of statsmodels has (n - 1)/(n - k) too, which is 1 here with one regressor.
    totals = [[float(y[user == u].sum()), float((user == u).sum())] for u in np.unique(user)]
    return totals, float(fit.params[0]), float(fit.bse[0])


def contrasts():
    out = []
    for users, n, shift in ((8, 200, 0.4), (30, 900, 0.1), (120, 2000, 0.3)):
        a, ra, sa = arm(users, n, 0)
        b, rb, sb = arm(users, n, shift)
        ga, gb = len(a), len(b)
        se = float(np.hypot(sa, sb))
        df = min(se**4 / (sa**4 / (ga - 1) + sb**4 / (gb - 1)), ga + gb - 1)
        t = stats.t(df) if df + 1 < 50 else stats.norm
        half = float(t.ppf(0.975)) * se
        log = float(np.hypot(sa / ra, sb / rb))
        out.append(dict(first=a, second=b, difference=rb - ra, se=se, interval=[rb - ra - half, rb - ra + half],
                        p=float(2 * t.sf(abs((rb - ra) / se))), log_ratio=float(np.log(rb / ra)), log_se=log))
    return out


def sequences():
    out = []
    for value, se, units, planned, level in ((0.02, 0.01, 400, 1000, 0.95), (-0.1, 0.03, 150, 500, 0.9), (0.05, 0.008, 9000, 2000, 0.99)):
        alpha = 1 - level
        rho = np.sqrt((-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / planned)
        sigma = se * np.sqrt(units)
        half = sigma * np.sqrt(2 * (units * rho**2 + 1) / (units**2 * rho**2) * np.log(np.sqrt(units * rho**2 + 1) / alpha))
        out.append([value, se, units, planned, level, float(value - half), float(value + half)])
    return out


def adjusted():
    p = rng.random(12) ** 3
    return dict(p=p.tolist(), holm=multipletests(p, method="holm")[1].tolist(), bh=multipletests(p, method="fdr_bh")[1].tolist())


def power():
    # The effect at which a two-sided z-test has the power; statsmodels gives power by effect, which must come out again.
    out = []
    for se, level, target in ((0.02, 0.95, 0.8), (0.005, 0.9, 0.9)):
        effect = float((stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(target)) * se)
        reached = normal_power_het(effect, 1, 1 - level, std_null=se, std_alternative=se, alternative="larger")
        one_sided = normal_power_het(effect, 1, (1 - level) / 2, std_null=se, std_alternative=se, alternative="larger")
        out.append([se, level, target, effect, float(one_sided)])
        assert reached > one_sided and abs(one_sided - target) < 1e-9
    return out


def proportions():
    out = []
    for k1, n1, k2, n2, level in ((3, 40, 9, 35, 0.95), (0, 50, 4, 60, 0.95), (0, 20, 0, 30, 0.9), (98, 100, 250, 251, 0.99), (412, 1000, 455, 1000, 0.95)):
        # statsmodels takes the second from the first.
        interval = confint_proportions_2indep(k2, n2, k1, n1, method="newcomb", compare="diff", alpha=1 - level)
        p = proportions_ztest([k1, k2], [n1, n2])[1] if k1 + k2 else None
        out.append(dict(counts=[k1, n1, k2, n2], level=level, interval=[float(end) for end in interval], p=None if p is None else float(p)))
    return out


def places():
    """Users by place, with the p-value and Holm's of the places in which ten users are expected on each side."""
    shares = np.array([1, 1, 2])
    tables = [[50, 61, 98], [12, 30, 45], [9, 9, 18], [150, 100, 260], [400, 390, 820]]
    expected = [shares / shares.sum() * sum(table) for table in tables]
    found = [float(stats.chisquare(table, due).pvalue) if due.min() >= 10 else None for table, due in zip(tables, expected)]
    adjusted = iter(multipletests([p for p in found if p is not None], method="holm")[1])
    alike = float(stats.chi2_contingency(tables, correction=False).pvalue)
    return dict(shares=shares.tolist(), tables=tables, p=found, alike=alike, holm=[None if p is None else float(next(adjusted)) for p in found])


golden = dict(
    contrasts=contrasts(),
    sequences=sequences(),
    adjusted=adjusted(),
    power=power(),
    proportions=proportions(),
    balance=[[observed, shares, float(stats.chisquare(observed, np.array(shares) / sum(shares) * sum(observed)).pvalue)]
             for observed, shares in (([500, 520], [1, 1]), ([900, 1120], [0.5, 0.5]), ([300, 310, 640], [1, 1, 2]))],
    places=places(),
)
Path(__file__).with_name("comparison.json").write_text(json.dumps(golden) + "\n")
