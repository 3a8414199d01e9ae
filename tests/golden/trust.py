"""Writes trust.json: shrinkage, non-response, within-user differences, decision curves and survival, for tests/it/golden/trust.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels scikit-learn lifelines
    venv/bin/python tests/golden/trust.py

Maximum likelihood is climbed with scipy and then polished as a root of the gradient, since optimisers stop at eight digits. What no
library has is written from its definition with numpy.
"""
import json
from pathlib import Path

import numpy as np
from lifelines import KaplanMeierFitter
from scipy import optimize, special, stats
from sklearn.metrics import average_precision_score, fbeta_score
from statsmodels.stats.meta_analysis import combine_effects

rng = np.random.default_rng(20261125)


def beta_binomial():
    """Integer counts against scipy's betabinom; real ones against the same likelihood with gamma functions."""
    out = []
    for units, alpha, beta, size, whole in ((8, 4, 6, 60, True), (40, 14.2, 5.2, 30, True), (150, 0.6, 1.1, 12, True), (25, 3.5, 10.1, 40, False)):
        n = rng.integers(2, size, units).astype(float)
        k = stats.betabinom(n.astype(int), alpha, beta).rvs(random_state=rng).astype(float)
        if not whole:  # effective counts
            deff = rng.uniform(1, 4, units)
            k, n = k / deff, n / deff

        def loss(x):
            a, b = np.exp(x)
            if whole:
                return -stats.betabinom(n.astype(int), a, b).logpmf(k.astype(int)).sum()
            return -(special.betaln(k + a, n - k + b) - special.betaln(a, b)).sum()

        def gradient(x):
            a, b = np.exp(x)
            common = special.digamma(a + b) - special.digamma(n + a + b)
            return [a * (special.digamma(k + a) - special.digamma(a) + common).sum(),
                    b * (special.digamma(n - k + b) - special.digamma(b) + common).sum()]

        top = optimize.minimize(loss, np.log([2.0, 2.0]), method="Nelder-Mead", options=dict(xatol=1e-9, fatol=1e-12, maxiter=5000))
        root = optimize.root(gradient, top.x, tol=1e-15)
        assert np.abs(root.x - top.x).max() < 1e-4, (root, top)
        a, b = np.exp(root.x)
        tri = lambda x: special.polygamma(1, x)
        common = (tri(a + b) - tri(n + a + b)).sum()
        curvature = np.array([[a * a * ((tri(k + a) - tri(a)).sum() + common), a * b * common],
                              [a * b * common, b * b * ((tri(n - k + b) - tri(b)).sum() + common)]]) + np.diag(gradient(root.x))
        mean = (k[0] + a) / (n[0] + a + b)
        moves = np.array([a * (1 - mean), -b * mean]) / (n[0] + a + b)
        variance = mean * (1 - mean) / (n[0] + a + b + 1) + moves @ np.linalg.inv(-curvature) @ moves
        size = mean * (1 - mean) / min(variance, mean * (1 - mean) / (n[0] + 2)) - 1
        posterior = stats.beta(mean * size, (1 - mean) * size)
        out.append(dict(units=np.column_stack([k, n]).tolist(), alpha=float(a), beta=float(b), mean=float(mean),
                        interval=[float(posterior.ppf(0.025)), float(posterior.ppf(0.975))]))
    return out


def means():
    """Paule and Mandel: a root found by scipy, which is statsmodels' where its iteration gets off the ground."""
    out = []
    for units, spread in ((9, 0.05), (30, 0.2)):
        error = rng.uniform(0.02, 0.2, units)
        value = rng.normal(0.1, spread, units) + rng.normal(0, error)

        def scatter(tau2):
            w = 1 / (error**2 + tau2)
            return w @ (value - w @ value / w.sum()) ** 2 - (units - 1)

        tau2 = optimize.brentq(scatter, 0, 1, xtol=1e-18, rtol=1e-15)
        w = 1 / (error**2 + tau2)
        found = combine_effects(value, error**2, method_re="iterated", atol=1e-15, maxiter=10000)
        assert found.tau2 == 0 or abs(found.tau2 / tau2 - 1) < 1e-9, (found.tau2, tau2)
        out.append(dict(units=np.column_stack([value, error]).tolist(), mean=float(w @ value / w.sum()), variance=float(tau2),
                        se=float(1 / np.sqrt(w.sum()))))
    return out


def nonresponse():
    """Hájek's estimate with saturated response rates; its error is the jackknife's first-order form, from numpy."""
    out = []
    for users, strata in ((12, 3), (60, 6)):
        n = rng.poisson(8, (users, strata)).astype(float)
        o = rng.binomial(n.astype(int), rng.uniform(0.1, 0.9, strata)).astype(float)
        y = rng.binomial(o.astype(int), rng.uniform(0.1, 0.9, strata)).astype(float)

        def hajek(w):
            """Estimate with each user counted w times."""
            shown, seen, positive = w @ n, w @ o, w @ y
            pi = seen / shown
            return (positive / pi).sum() / (seen / pi).sum()

        value = hajek(np.ones(users))
        # Influence of a user: the derivative by the user's weight, from complex steps, exact to the last digit.
        influence = np.array([hajek(np.where(np.arange(users) == g, 1 + 1e-30j, 1.0)).imag / 1e-30 for g in range(users)])
        se = np.sqrt(users / (users - 1) * ((influence - influence.mean()) ** 2).sum())
        weights = np.repeat(n.sum(0) / o.sum(0), o.sum(0).astype(int))
        shown = n.sum()
        bounds = []
        for count in (y.sum(1), (y + n - o).sum(1)):
            d = n.sum(1)
            r = count.sum() / d.sum()
            bounds.append([r, np.sqrt(users / (users - 1) * ((count - r * d) ** 2).sum()) / d.sum()])
        (low, se_low), (high, se_high) = bounds
        error = max(se_low, se_high)
        c = optimize.brentq(lambda c: stats.norm.cdf(c + (high - low) / error) - stats.norm.cdf(-c) - 0.95, 0, 5, xtol=1e-15)
        if users < 50:
            c *= stats.t(users - 1).ppf(0.975) / stats.norm.ppf(0.975)

        def wilson(r, se, sign):
            trials = min(r * (1 - r) / se**2, shown)
            scale = 1 + c**2 / trials
            return (r + c**2 / (2 * trials)) / scale + sign * c / scale * np.sqrt(r * (1 - r) / trials + c**2 / (4 * trials**2))

        out.append(dict(shown=n.tolist(), observed=o.tolist(), positive=y.tolist(), value=float(value), se=float(se),
                        effective=float(weights.sum() ** 2 / (weights**2).sum()), lower=float(low), upper=float(high),
                        interval=[float(wilson(low, se_low, -1)), float(wilson(high, se_high, 1))]))
    return out


def within():
    users = 25
    n1, n0 = rng.integers(0, 9, users).astype(float), rng.integers(0, 30, users).astype(float)
    base = rng.uniform(0.3, 0.9, users)
    k1, k0 = rng.binomial(n1.astype(int), base - 0.1).astype(float), rng.binomial(n0.astype(int), base).astype(float)
    keep = (n1 > 0) & (n0 > 0)
    w = (n1 * n0 / np.maximum(n1 + n0, 1))[keep]
    d = (k1 / np.maximum(n1, 1) - k0 / np.maximum(n0, 1))[keep]
    value = (w * d).sum() / w.sum()
    g = keep.sum()
    se = np.sqrt(g / (g - 1) * ((w * d - value * w) ** 2).sum()) / w.sum()
    return dict(tables=np.column_stack([k1, n1, k0, n0]).tolist(), value=float(value), se=float(se), users=int(g))


def fading():
    error = rng.uniform(0.01, 0.03, 10)
    gap = -0.15 * 0.7 ** np.arange(10) + rng.normal(0, error / 3)
    curve = lambda lag, first, left: first * left**lag
    found, _ = optimize.curve_fit(curve, np.arange(10.0), gap, p0=[-0.1, 0.5], sigma=error, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    return dict(gaps=np.column_stack([gap, error]).tolist(), first=float(found[0]), left=float(found[1]))


def precision():
    p = np.round(rng.random(400), 2)
    y = (rng.random(400) < p**2).astype(int)
    counts = [[float(y[p == v].sum()), float((1 - y[p == v]).sum())] for v in np.unique(p)]
    return dict(counts=counts, average_precision=float(average_precision_score(y, p)))


def f_beta():
    p = rng.random(300)
    y = (rng.random(300) < p).astype(int)
    out = []
    for step, beta in ((0, 1.0), (5, 0.5), (10, 1.0), (16, 2.0)):
        out.append([step, beta, float(fbeta_score(y, p >= step / 20, beta=beta))])
    return dict(rows=np.column_stack([p, y]).tolist(), scores=out)


def survival():
    ended = rng.geometric(0.12, 200) - 1
    followed = rng.integers(0, 20, 200)
    time, event = np.minimum(ended, followed), ended <= followed
    out = dict(rows=np.column_stack([time, event]).astype(int).tolist(), levels=[])
    for level in (0.95, 0.8):
        fit = KaplanMeierFitter(alpha=1 - level).fit(time, event, timeline=np.arange(time.max() + 1))
        table = np.column_stack([fit.survival_function_.to_numpy(), fit.confidence_interval_.to_numpy()])
        assert 0 < table[-1, 0] and table[0, 0] < 1
        out["levels"].append(dict(level=level, table=table.tolist()))
    return out


golden = dict(beta_binomial=beta_binomial(), means=means(), nonresponse=nonresponse(), within=within(), fading=fading(), precision=precision(),
              f_beta=f_beta(), survival=survival(),
              trigamma=[[x, float(special.polygamma(1, x))] for x in (0.05, 0.7, 3.3, 25.0, 4e4)])
Path(__file__).with_name("trust.json").write_text(json.dumps(golden) + "\n")
