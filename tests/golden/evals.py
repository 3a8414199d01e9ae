"""Writes evals.json: runs of an eval compared by statsmodels and scipy, for tests/it/golden/evals.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels
    venv/bin/python tests/golden/evals.py
"""
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

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


Path(__file__).with_suffix(".json").write_text(json.dumps(dict(mcnemar=tests(), differences=differences())) + "\n")
