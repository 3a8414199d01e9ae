"""Writes basics.json: statistics computed by established libraries, for tests/it/golden/basics.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels scikit-learn ddsketch
    venv/bin/python tests/golden/basics.py

Seeded, so a rerun changes nothing but the last digits. Every expected value comes from a library
where one has it; DeLong's variance is written from its pairwise definition. Confidences have at
most three decimals so that every JSON reader parses them to the same double.
"""
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from ddsketch import DDSketch
from scipy import special, stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20240607)
BETAS = [(0.5, 0.5), (1, 9), (3.2, 17.5), (120, 40), (4000, 9000)]


def floats(values):
    return [float(v) for v in values]


def distributions():
    x = [-37.5, -20, -8, -5.7, -5.6, -3, -1.96, -0.68, -0.67, -1e-3, 0.25, 0.7, 1, 2.5, 6, 9]
    p = [1e-300, 1e-50, 1e-12, 1e-11, 1e-4, 0.025, 0.074, 0.076, 0.3, 0.4999, 0.6, 0.925, 0.975, 0.9999]
    df = [0.7, 1, 2, 3.5, 7, 24, 48, 49.3, 1000, 9_000, 11_000, 1e8]
    t = [-40, -6, -2.1, -1.01, -0.99, -0.01, 0.3, 1.5, 4]
    return dict(
        normal_cdf=[[v, float(stats.norm.cdf(v))] for v in x],
        normal_quantile=[[v, float(stats.norm.ppf(v))] for v in p],
        student_cdf=[[v, d, float(stats.t.cdf(v, d))] for d in df for v in t if d < 50 or abs(v) < 10],
        ln_gamma=[[v, float(special.gammaln(v))] for v in (1e-3, 0.3, 3.7, 42.5, 1e4, 1e7)],
        digamma=[[v, float(special.digamma(v))] for v in (1e-3, 0.3, 3.7, 42.5, 1e4)],
        chi_square_tail=[[v, d, float(stats.chi2.sf(v, d))] for d in (1, 2, 3.5, 40, 900) for v in (0.1, 1, 8, 60, 1000)
                         if stats.chi2.sf(v, d) > 1e-300],
        beta_cdf=[[v, a, b, float(stats.beta.cdf(v, a, b))] for a, b in BETAS for v in (0.01, 0.2, 0.5, 0.8, 0.99)
                  if stats.beta.cdf(v, a, b) > 1e-300],
        beta_quantile=[[v, a, b, float(stats.beta.ppf(v, a, b))] for a, b in BETAS for v in (1e-6, 0.025, 0.4, 0.975)],
        binomial_cdf=[[k, n, q, float(stats.binom.cdf(k, n, q))] for k, n, q in
                      ((0, 10, 0.05), (3, 10, 0.2), (12, 400, 0.05), (480, 10_000, 0.05), (9, 9, 0.5))],
        student_quantile=[[v, d, float(stats.t.ppf(v, d))] for d in df for v in p[4:]],
    )


def proportions():
    cases = [(0, 1), (1, 1), (0, 50), (50, 50), (1, 200), (386, 1096), (7, 9), (123456, 9876543)]
    out = {}
    for name, method in (("wilson", "wilson"), ("clopper_pearson", "beta"), ("jeffreys", "jeffreys")):
        rows = out[name] = []
        for k, n in cases:
            for level in (0.8, 0.95, 0.99):
                lower, upper = proportion_confint(k, n, 1 - level, method=method)
                # The libraries' round-off at the edges is not part of the definition, nor is a prior's.
                rows.append([k, n, level, 0.0 if k == 0 else float(lower), 1.0 if k == n else float(upper)])
    return out


def rows(users, n):
    """Rows of (user, confidence, outcome, weight, arm); users differ in confidence and accuracy."""
    user = rng.integers(users, size=n)
    skill = rng.normal(0.5, 1.2, users)
    confidence = 1 / (1 + np.exp(-skill[user] - rng.normal(0.4, 1.0, n)))
    outcome = (rng.random(n) < 1 / (1 + np.exp(-0.8 * skill[user] - 0.2))).astype(int)
    # Half of the confidences are round: they sit on bin edges and tie.
    confidence = np.where(rng.random(n) < 0.5, confidence.round(1), confidence.round(3))
    confidence[:2] = 0, 1
    return user, confidence, outcome, rng.integers(1, 9, n), rng.integers(2, size=n)


def clustered_mean(y, user, weights=None):
    """An intercept-only regression with CR1 clustered errors: mean, standard error, t interval."""
    model = sm.WLS(y, np.ones(len(y)), weights=1 if weights is None else weights)
    fit = model.fit(cov_type="cluster", cov_kwds=dict(groups=user), use_t=True)
    return dict(value=float(fit.params[0]), se=float(fit.bse[0]), interval=floats(fit.conf_int()[0]))


def clustered_difference(y, user, arm):
    """Difference of the arms' means. CR1 without the (n−1)/(n−k) factor, which is about columns."""
    fit = sm.OLS(y, sm.add_constant(arm)).fit()
    groups = len(np.unique(user))
    robust = fit.get_robustcov_results("cluster", groups=user, use_correction=False)
    return dict(value=float(fit.params[1]), se=float(robust.bse[1] * np.sqrt(groups / (groups - 1))))


def delong(y, p):
    positive, negative = p[y == 1][:, None], p[y == 0][None, :]
    wins = (positive > negative) + 0.5 * (positive == negative)
    return float(wins.mean(1).var(ddof=1) / wins.shape[0] + wins.mean(0).var(ddof=1) / wins.shape[1])


def calibration(user, p, y, bins):
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    index = np.searchsorted(edges, p, side="left")
    observed, stated = calibration_curve(y, p, n_bins=bins, strategy="uniform")
    occupied, n = np.unique(index, return_counts=True)
    gap = observed - stated
    sign = np.zeros(bins)
    sign[occupied] = np.sign(gap)
    linear = clustered_mean(sign[index] * (y - p), user)
    return dict(
        bins=bins,
        ece=float((n * abs(gap)).sum() / len(p)),
        mce_min_10=float(abs(gap)[n >= 10].max()),
        se=linear["se"],
        interval=[max(0.0, linear["interval"][0]), min(1.0, linear["interval"][1])],
    )


def dataset(users, n):
    user, p, y, weight, arm = rows(users, n)
    brier = float(brier_score_loss(y, p))
    rate = clustered_mean(y.astype(float), user)
    deff = rate["se"] ** 2 / (y.mean() * (1 - y.mean()) / n)
    return dict(
        user=user.tolist(), p=floats(p), y=y.tolist(), weight=weight.tolist(), arm=arm.tolist(),
        mean=rate,
        design_effect=float(deff),
        weighted=clustered_mean(y.astype(float), user, weight),
        signed=clustered_mean(p - y, user),
        difference=clustered_difference(y.astype(float), user, arm),
        calibration=[calibration(user, p, y, bins) for bins in (5, 10, 20)],
        brier=brier,
        brier_skill=float(1 - brier / (y.mean() * (1 - y.mean()))),
        log_loss=float(log_loss(y, np.clip(p, 1e-6, 1 - 1e-6))),
        auroc=float(roc_auc_score(y, p)),
        delong=delong(y, p),
    )


def bin_indices():
    """For p = i/bins: the bins of the double below p, of p, and of the double above."""
    out = {}
    for bins in (10, 20, 1000):
        edges = np.linspace(0, 1, bins + 1)[1:-1]
        p = np.arange(bins + 1) / bins
        near = np.stack([np.nextafter(p, -1), p, np.nextafter(p, 2)], axis=1)
        out[str(bins)] = np.searchsorted(edges, near, side="left").tolist()
    return out


def sketch():
    values = rng.lognormal(7, 1.4, 300).round(1)
    values[:9] = 0
    sketch = DDSketch(0.01)
    for v in values:
        sketch.add(float(v))
    qs = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
    return dict(values=floats(values), quantiles=[[q, float(sketch.get_quantile_value(q))] for q in qs])


def detection():
    out = []
    for hits, signal, false_alarms, noise in [(1370, 1581, 465, 590), (10, 10, 0, 10), (0, 1, 1, 1), (3, 8, 5, 6)]:
        hit, false_alarm = stats.norm.ppf([(hits + 0.5) / (signal + 1), (false_alarms + 0.5) / (noise + 1)])
        out.append([hits, signal, false_alarms, noise, float(hit - false_alarm), float(-(hit + false_alarm) / 2)])
    return out


golden = dict(
    distributions=distributions(),
    proportions=proportions(),
    datasets=[dataset(14, 300), dataset(70, 500)],
    bin_indices=bin_indices(),
    sketch=sketch(),
    detection=detection(),
)
path = Path(__file__).with_name("basics.json")
sections = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in golden.items())
path.write_text("{\n" + sections + "\n}\n")
