"""Writes agreement.json: agreement and judge-assisted estimates by established libraries, for tests/it/golden/agreement.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy scikit-learn statsmodels krippendorff irrCAC ppi-python
    venv/bin/python tests/golden/agreement.py

The interval of Lang and Reiczigel is written from their paper.
"""
import json
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from ppi_py import classical_mean_ci, ppi_mean_ci, ppi_mean_pointestimate
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

rng = np.random.default_rng(20261125)


def pairs():
    out = []
    for k, n, agree in ((2, 60, 0.8), (4, 300, 0.5), (5, 1000, 0.7)):
        a = rng.integers(k, size=n)
        b = np.where(rng.random(n) < agree, a, np.clip(a + rng.integers(-2, 3, n), 0, k - 1))
        table = np.zeros((k, k))
        np.add.at(table, (a, b), 1)
        kappa = {weights or "nominal": float(cohen_kappa_score(a, b, labels=range(k), weights=weights))
                 for weights in (None, "linear", "quadratic")}
        out.append(dict(table=table.tolist(), agreement=float((a == b).mean()), kappa=kappa,
                        se=float(cohens_kappa(table).std_kappa),
                        spearman=float(stats.spearmanr(a, b).statistic), a=a.tolist(), b=b.tolist()))
    return out


def raters():
    out = []
    for k, items, least, most in ((2, 50, 3, 3), (4, 200, 1, 6), (3, 120, 2, 9)):
        counts = np.zeros((items, k), int)
        for item in counts:
            lean = rng.dirichlet(np.ones(k) * 0.5)
            item += rng.multinomial(rng.integers(least, most + 1), lean)
        values = np.sort(rng.choice(np.arange(11), k, replace=False)) / 10
        # irrCAC wants a column per rater; which rater is which does not matter to these coefficients.
        table = pd.DataFrame([[values[c] for c in range(k) for _ in range(item[c])] + [np.nan] * (most - item.sum())
                              for item in counts])
        cac = CAC(table, categories=values.tolist(), digits=15)
        paired = counts[counts.sum(1) >= 2]
        m = paired.sum(1)
        case = dict(counts=counts.tolist(), values=values.tolist(),
                    agreement=float(((paired * (paired - 1)).sum(1) / (m * (m - 1))).mean()),
                    alpha={scale: float(krippendorff.alpha(value_counts=paired, value_domain=values, level_of_measurement=scale))
                           for scale in ("nominal", "ordinal", "interval")},
                    fleiss=float(cac.fleiss()["est"]["coefficient_value"]), ac1=float(cac.gwet()["est"]["coefficient_value"]))
        if least == most:
            assert abs(case["fleiss"] - fleiss_kappa(counts)) < 1e-12
        out.append(case)
    return out


def ppi():
    out = []
    for n, other, noise, scale in ((100, 900, 0.3, 1.0), (250, 400, 0.8, 1.0), (200, 2000, 0.3, 0.2), (80, 500, 3.0, -1.0)):
        truth = rng.random(n + other) < 0.6
        y = truth.astype(float)
        f = 0.5 + scale * (y - 0.5 + noise * rng.normal(size=n + other))
        flat = lambda interval: [float(np.ravel(end)[0]) for end in interval]
        out.append(dict(y=y[:n].tolist(), f=f.tolist(), classical=flat(classical_mean_ci(y[:n], alpha=0.05)),
                        ppi=flat(ppi_mean_ci(y[:n], f[:n], f[n:], alpha=0.05, lam=1.0)),
                        tuned=flat(ppi_mean_ci(y[:n], f[:n], f[n:], alpha=0.05)),
                        tuned_value=float(np.ravel(ppi_mean_pointestimate(y[:n], f[:n], f[n:]))[0])))
    return out


def corrected():
    out = []
    for p, s, c in (((60, 100), (45, 50), (40, 50)), ((300, 2000), (18, 20), (25, 30)), ((5, 400), (90, 100), (97, 100))):
        z = stats.norm.ppf(0.975)
        plus = lambda share, more: ((share[0] + more / 2) / (share[1] + more), share[1] + more)
        (pp, pn), (sp, sn), (cp, cn) = plus(p, z * z), plus(s, 2), plus(c, 2)
        youden = sp + cp - 1
        middle = (pp + cp - 1) / youden
        shift = 2 * z * z * (middle * sp * (1 - sp) / sn - (1 - middle) * cp * (1 - cp) / cn)
        half = z * np.sqrt(pp * (1 - pp) / pn + middle**2 * sp * (1 - sp) / sn + (1 - middle) ** 2 * cp * (1 - cp) / cn) / youden
        value = (p[0] / p[1] + c[0] / c[1] - 1) / (s[0] / s[1] + c[0] / c[1] - 1)
        out.append(dict(called=p, sensitivity=s, specificity=c, value=float(np.clip(value, 0, 1)),
                        interval=[float(max(0, middle + shift - half)), float(min(1, middle + shift + half))]))
    return out


golden = dict(pairs=pairs(), raters=raters(), ppi=ppi(), corrected=corrected())
Path(__file__).with_name("agreement.json").write_text(json.dumps(golden) + "\n")
