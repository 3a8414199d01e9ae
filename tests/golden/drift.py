"""Writes drift.json: drift by established libraries, for tests/it/golden/drift.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy river bayesian-changepoint-detection
    venv/bin/python tests/golden/drift.py

Laney's chart and the cumulative sums are written from their papers. So is what the library of Bayesian change points lacks: counts, the
look back from the end, and leaving out what is unlikely.
"""
import itertools
import json
from pathlib import Path

import numpy as np
from bayesian_changepoint_detection.online_changepoint_detection import constant_hazard, online_changepoint_detection
from river.drift import ADWIN, PageHinkley
from scipy import stats
from scipy.special import betaln, logsumexp

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


def adwin():
    """Bits and numbers whose level changes now and then."""
    out = []
    for delta, clock, buckets, shortest, grace, bits in ((0.002, 32, 5, 5, 10, True), (0.002, 32, 5, 5, 10, False),
                                                         (0.002, 1, 5, 5, 14, False), (0.1, 7, 3, 3, 20, True)):
        levels = np.repeat(rng.uniform(0.1, 0.9, 15) if bits else rng.normal(0, 1.5, 15), 200)
        x = (rng.random(3000) < levels).astype(float) if bits else np.round(rng.normal(size=3000) + levels, 3)
        test = ADWIN(delta=delta, clock=clock, max_buckets=buckets, min_window_length=shortest, grace_period=grace)
        alarms = [at for at, value in enumerate(x) if (test.update(float(value)), test.drift_detected)[1]]
        out.append(dict(settings=[delta, clock, buckets, shortest, grace], x=x.tolist(), alarms=alarms))
    return out


class Counts:
    """Beta-binomial counts, less what depends on the bucket alone, as the library asks for a likelihood."""

    def __init__(self, a, b):
        self.start, self.a, self.b = (a, b), np.array([a]), np.array([b])

    def pdf(self, bucket):
        k, n = bucket
        return np.exp(betaln(self.a + k, self.b + n - k) - betaln(self.a, self.b))

    def update_theta(self, bucket):
        k, n = bucket
        self.a = np.concatenate(([self.start[0]], self.a + k))
        self.b = np.concatenate(([self.start[1]], self.b + n - k))


def looked_back(filtered):
    """That a level began with each bucket, given all, from the lengths (1, 2, ...) of the run that ends with each."""
    change, ends = np.zeros(len(filtered)), np.zeros(len(filtered))
    ends[-1] = 1
    for at in range(len(filtered) - 1, -1, -1):
        for length, mass in enumerate(filtered[at], 1):
            if length <= at:
                change[at + 1 - length] += ends[at] * mass
                ends[at - length] += ends[at] * mass
    return change.tolist()


def bayes_case(x, hazard, a, b, least, filtered, change):
    return dict(x=x.tolist(), hazard=hazard, prior=[a, b], least_mass=least, change=change,
                most_likely=[int(np.argmax(masses)) + 1 for masses in filtered])


def counts_of_days(levels):
    n = rng.uniform(5, 60, len(levels))
    return np.stack([np.round(rng.binomial(n.astype(int), levels) * n / n.astype(int), 6), np.round(n, 6)], 1)


def by_library(x, hazard, a, b):
    """A run of length 0 begins after a bucket there: those of 1 and more, of which none has just ended, are ours."""
    masses, _ = online_changepoint_detection(x, lambda r: constant_hazard(1 / hazard, r), Counts(a, b))
    return [masses[1:t + 2, t + 1] / (1 - hazard) for t in range(len(x))]


def pruned(x, hazard, a, b, least):
    out, runs = [], {}
    for at, (k, n) in enumerate(x):
        logs = {start: np.log(mass) + np.log1p(-hazard) for start, mass in runs.items()}
        logs[at] = np.log(hazard) if runs else 0.0
        for start in logs:
            before = x[start:at].sum(axis=0)
            a1, b1 = a + before[0], b + before[1] - before[0]
            logs[start] += betaln(a1 + k, b1 + n - k) - betaln(a1, b1)
        total = logsumexp(list(logs.values()))
        runs = {start: np.exp(log - total) for start, log in logs.items() if np.exp(log - total) >= least}
        kept = sum(runs.values())
        runs = {start: mass / kept for start, mass in runs.items()}
        out.append(np.array([runs.get(at - length, 0.0) for length in range(at + 1)]))
    return out


def enumerated(x, hazard, a, b):
    """Every way to cut a short series into levels."""
    days, weights, starts = len(x), [], []
    for cuts in itertools.product((0, 1), repeat=days - 1):
        edges = [0] + [at for at, cut in enumerate(cuts, 1) if cut] + [days]
        log = sum(cuts) * np.log(hazard) + (days - 1 - sum(cuts)) * np.log1p(-hazard)
        for first, last in zip(edges, edges[1:]):
            k, n = x[first:last].sum(axis=0)
            log += betaln(a + k, b + n - k) - betaln(a, b)
        weights.append(log)
        starts.append((0, *cuts))
    weights = np.exp(weights - logsumexp(weights))
    return (weights @ np.array(starts)).tolist()


def bayes():
    out = []
    steps = np.repeat([0.3, 0.6, 0.55, 0.8], 20)
    for hazard, a, b in ((0.01, 1.0, 1.0), (0.05, 2.0, 3.0)):
        x = counts_of_days(steps)
        filtered = by_library(x, hazard, a, b)
        out.append(bayes_case(x, hazard, a, b, 0.0, filtered, looked_back(filtered)))
    x = counts_of_days(np.repeat([0.3, 0.7], 6))
    out.append(bayes_case(x, 0.1, 1.0, 1.0, 0.0, by_library(x, 0.1, 1.0, 1.0), enumerated(x, 0.1, 1.0, 1.0)))
    x = counts_of_days(np.repeat([0.5, 0.75, 0.2], 50))
    filtered = pruned(x, 0.01, 1.0, 1.0, 1e-6)
    out.append(bayes_case(x, 0.01, 1.0, 1.0, 1e-6, filtered, looked_back(filtered)))
    return out


golden = dict(page_hinkley=page_hinkley(), psi=psi(), laney=laney(), cusum=cusum(), adwin=adwin(), bayes=bayes())
Path(__file__).with_name("drift.json").write_text(json.dumps(golden) + "\n")
