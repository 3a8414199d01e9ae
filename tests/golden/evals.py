"""Writes evals.json: runs of an eval compared by statsmodels and scipy, for tests/it/golden/evals.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels choix
    venv/bin/python tests/golden/evals.py
"""
import json
from pathlib import Path

import choix
import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20261130)


def tests():
    out = []
    for better, worse in ((10, 0), (1, 0), (7, 7), (25, 12), (3, 140), (400, 371)):
        fewer, changed = min(better, worse), better + worse
        tail = stats.binom.cdf(fewer, changed, 0.5)
        out.append(dict(better=better, worse=worse,
                        exact=float(mcnemar([[50, worse], [better, 20]], exact=True).pvalue),
                        mid=float(min(1.0, 2 * (tail - 0.5 * stats.binom.pmf(fewer, changed, 0.5))))))
    return out


def differences():
    """Differences by case, cases of one user together: a mean with the sandwich of clusters."""
    out = []
    for cases, users, level in ((60, 12, 0.95), (400, 90, 0.9), (25, 25, 0.95)):
        user = rng.integers(users, size=cases) if users < cases else np.arange(cases)
        difference = np.round(rng.normal(0.1, 0.3, cases) + rng.normal(0, 0.2, users)[user], 3)
        fit = sm.OLS(difference, np.ones(cases)).fit(cov_type="cluster", cov_kwds=dict(groups=user))
        found = len(set(user))
        error = float(fit.bse[0])
        critical = stats.t.ppf((1 + level) / 2, found - 1) if found < 50 else stats.norm.ppf((1 + level) / 2)
        out.append(dict(users=user.tolist(), differences=difference.tolist(), level=level, mean=float(fit.params[0]), se=error,
                        interval=[float(fit.params[0] - critical * error), float(fit.params[0] + critical * error)]))
    return out


def rankings():
    """Runs by Bradley and Terry: a logistic regression of who won on the difference of two indicators, cases of one user together."""
    out = []
    for runs, cases, users in ((2, 40, 40), (4, 80, 80), (5, 120, 30), (6, 300, 90)):
        user = rng.integers(users, size=cases) if users < cases else np.arange(cases)
        quality, hardness = np.linspace(-0.08, 0.08, runs), rng.normal(0, 0.2, cases)
        score = np.clip(np.round(0.5 + quality + hardness[:, None] + rng.normal(0, 0.2, (cases, runs)), 1), 0, 1)
        # Some runs lack some cases.
        score[rng.random((cases, runs)) < 0.15] = np.nan
        design, won, group, pairs = [], [], [], []
        for case in range(cases):
            for one in range(runs):
                for other in range(one + 1, runs):
                    a, b = score[case, one], score[case, other]
                    if np.isnan(a) or np.isnan(b):
                        continue
                    # A comparison is two rows, of which a tie wins one.
                    for half in range(2):
                        first = bool(half) if a == b else a > b
                        row = np.zeros(runs)
                        row[one], row[other] = 1, -1
                        design.append(row[1:])
                        won.append(float(first))
                        group.append(user[case])
                        pairs.append((one, other) if first else (other, one))
        design, group = np.array(design), np.array(group)
        fit = sm.Logit(won, design).fit(disp=0, tol=1e-14, maxiter=100, cov_type="cluster", cov_kwds=dict(groups=group))
        # Without the factor for the number of regressors, which is not one for clusters.
        n, k = design.shape
        covariance = fit.cov_params() / ((n - 1) / (n - k))
        centre = (np.eye(runs) - 1 / runs)[:, 1:]
        strength = centre @ fit.params
        np.testing.assert_allclose(strength, choix.opt_pairwise(runs, pairs, tol=1e-12), atol=1e-5)
        found = len(set(group))
        p = []
        for one in range(runs):
            for other in range(one + 1, runs):
                contrast = centre[one] - centre[other]
                z = contrast @ fit.params / np.sqrt(contrast @ covariance @ contrast)
                p.append(float(2 * (stats.t.sf(abs(z), found - 1) if found < 50 else stats.norm.sf(abs(z)))))
        wins = np.zeros((runs, runs))
        np.add.at(wins, tuple(np.array(pairs).T), 0.5)
        share = [[wins[a, b] / (wins[a, b] + wins[b, a]) for b in range(runs) if b != a] for a in range(runs)]
        out.append(dict(users=user.tolist(), scores=[[None if np.isnan(s) else float(s) for s in row] for row in score.T],
                        strengths=strength.tolist(), errors=np.sqrt(np.diag(centre @ covariance @ centre.T)).tolist(),
                        win_rates=[float(np.mean(own)) for own in share],
                        p_values=p, adjusted=multipletests(p, method="holm")[1].tolist()))
    return out


Path(__file__).with_suffix(".json").write_text(json.dumps(dict(mcnemar=tests(), differences=differences(), rankings=rankings())) + "\n")
