"""Writes drift.json: drift by established libraries, for tests/it/golden/drift.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy river
    venv/bin/python tests/golden/drift.py

Laney's chart and the cumulative sums are written from their papers.
"""
import json
from pathlib import Path

import numpy as np
from river.drift import PageHinkley
from scipy import stats

rng = np.random.default_rng(20261126)


def page_hinkley():
    out = []
    for minimum, delta, threshold, alpha in ((30, 0.005, 25, 0.9999), (14, 0.5, 6, 1.0), (5, 0.1, 3, 0.99)):
        x = np.round(rng.normal(size=1000) + np.repeat(rng.normal(0, 1.5, 10), 100), 3)
        test = PageHinkley(min_instances=minimum, delta=delta, threshold=threshold, alpha=alpha, mode="both")
        alarms = [at for at, value in enumerate(x) if (test.update(float(value)), test.drift_detected)[1]]
        out.append(dict(settings=[minimum, delta, threshold, alpha], x=x.tolist(), alarms=alarms))
    return out


def psi():
    out = []
    for a, b in (([120, 80, 60, 40], [90, 85, 75, 70]), ([30, 10, 5], [25, 14, 6]), ([500, 20, 7, 900], [450, 40, 3, 700])):
        a, b = np.array(a, float), np.array(b, float)
        p, q = a / a.sum(), b / b.sum()
        out.append(dict(before=a.tolist(), after=b.tolist(), psi=float(((q - p) * np.log(q / p)).sum()),
                        expected=float((len(a) - 1) * (1 / a.sum() + 1 / b.sum())),
                        p=float(stats.chi2_contingency([a, b], correction=False).pvalue)))
    return out


def laney():
    n = rng.integers(200, 3000, 40).astype(float)
    k = rng.binomial(n.astype(int), np.clip(0.3 + 0.03 * rng.normal(size=40), 0, 1)).astype(float)
    centre = k.sum() / n.sum()
    sigma = np.sqrt(centre * (1 - centre) / n)
    z = (k / n - centre) / sigma
    wide = np.abs(np.diff(z)).mean() / 1.128
    return dict(buckets=np.stack([k, n], 1).tolist(), centre=float(centre), sigma_z=float(wide),
                lower=np.maximum(0, centre - 3 * wide * sigma).tolist(), upper=np.minimum(1, centre + 3 * wide * sigma).tolist())


def cusum():
    x = np.round(rng.normal(size=400) + np.where(np.arange(400) >= 250, 1.0, 0.0), 3)
    up = down = 0.0
    alarms = []
    for at, value in enumerate(x):
        up, down = max(0.0, up + value - 0.5), max(0.0, down - value - 0.5)
        if up > 4 or down > 4:
            alarms.append(at)
            up = down = 0.0
    return dict(x=x.tolist(), allowance=0.5, threshold=4.0, alarms=alarms)


golden = dict(page_hinkley=page_hinkley(), psi=psi(), laney=laney(), cusum=cusum())
Path(__file__).with_name("drift.json").write_text(json.dumps(golden) + "\n")
