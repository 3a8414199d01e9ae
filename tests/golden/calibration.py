"""Writes calibration.json: calibration in depth, recalibration and risk control, for tests/it/golden/calibration.rs.

    python3 -m venv venv && venv/bin/pip install numpy scipy scikit-learn statsmodels betacal relplot
    venv/bin/python tests/golden/calibration.py

Fits are statsmodels' and scikit-learn's. What no library has (smooth calibration error with an exact kernel, evidence of users) is
written from its paper with scipy, and relplot, betacal and scikit-learn's own logistic regression must agree as far as they go.
"""
import json
import warnings
from pathlib import Path

import numpy as np
import relplot
import statsmodels.api as sm
from betacal import BetaCalibration
from scipy import stats
from scipy.optimize import brentq
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261003)
logit = lambda p: np.log(p / (1 - p))
sigmoid = lambda x: 1 / (1 + np.exp(-x))
AT = np.array([0.02, 0.15, 0.3, 0.5, 0.71, 0.9, 0.98])


def binned(p, y, index):
    t = [((index == b).sum(), p[index == b].mean(), y[index == b].mean(), index == b) for b in np.unique(index)]
    n = len(p)
    gap = lambda m: m[2] - m[1]
    debiased = sum(m[0] / n * (gap(m) ** 2 - (m[2] * (1 - m[2]) / (m[0] - 1) if m[0] > 1 else 0)) for m in t)
    base = y.mean()
    return dict(
        ece=sum(m[0] / n * abs(gap(m)) for m in t), average=float(np.mean([abs(gap(m)) for m in t])), debiased_square=debiased,
        reliability=sum(m[0] / n * gap(m) ** 2 for m in t), resolution=sum(m[0] / n * (m[2] - base) ** 2 for m in t),
        within_variance=sum(((p[m[3]] - m[1]) ** 2).sum() for m in t) / n,
        within_covariance=sum(((p[m[3]] - m[1]) * (y[m[3]] - m[2])).sum() for m in t) / n,
    )


def smooth(p, y):
    points = (np.arange(200) + 0.5) / 200
    images = np.arange(-4, 5)[:, None, None] * 2.0

    def at(width):
        kernel = stats.norm.pdf(points[None, :, None] - p - images, scale=width) + stats.norm.pdf(points[None, :, None] + p - images, scale=width)
        return np.abs((kernel.sum(0) * (y - p)).mean(1)).mean()

    width = brentq(lambda w: at(w) - w, 0.005, 1, xtol=1e-13) if at(0.005) > 0.005 else 0.005
    assert abs(at(width) - relplot.smECE(p, y)) < 5e-3
    return dict(error=at(width), width=width)


def selective(p, y):
    """Errors averaged over equal confidences first, then cumulated from the most confident down."""
    rate = {v: 1 - y[p == v].mean() for v in np.unique(p)}
    wrong = np.cumsum([rate[v] for v in -np.sort(-p)])
    n, r = len(p), 1 - y.mean()
    aurc = (wrong / np.arange(1, n + 1)).mean()
    generalised = np.trapezoid(np.concatenate([[0], wrong]) / n, dx=1 / n)
    assert abs(generalised - ((1 - roc_auc_score(y, p)) * r * (1 - r) + r * r / 2)) < 1e-12
    return dict(aurc=aurc, excess=aurc - (r + (1 - r) * np.log(1 - r)), generalised=generalised)


def fitted(y, x, users=None):
    fit = sm.Logit(y, x).fit(disp=0, method="newton", tol=1e-15, maxiter=200)
    if users is None:
        return fit
    robust = sm.Logit(y, x).fit(disp=0, method="newton", tol=1e-15, maxiter=200, cov_type="cluster", cov_kwds=dict(groups=users))
    n, k = x.shape
    return fit, np.asarray(robust.cov_params()) / ((n - 1) / (n - k))


def maps(p, y, users):
    x = logit(p)
    (platt, clustered) = fitted(y, sm.add_constant(x), users)
    temperature = fitted(y, x[:, None])
    beta = fitted(y, np.column_stack([np.ones_like(p), np.log(p), -np.log(1 - p)]))
    plain = LogisticRegression(penalty=None, tol=1e-10, max_iter=10000).fit(x[:, None], y)
    assert abs(plain.coef_[0, 0] - platt.params[1]) < 1e-4 and abs(plain.intercept_[0] - platt.params[0]) < 1e-4
    if (beta.params[1:] > 0).all():
        theirs = BetaCalibration().fit(p[:, None], y).predict(AT[:, None])
        ours = sigmoid(beta.params[0] + beta.params[1] * np.log(AT) - beta.params[2] * np.log(1 - AT))
        assert np.abs(theirs - ours).max() < 1e-3, np.abs(theirs - ours).max()
    iso = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y)
    return dict(
        platt=dict(a=platt.params[0], b=platt.params[1], covariance=platt.cov_params().tolist(), clustered=clustered.tolist(), likelihood=platt.llf),
        temperature=1 / temperature.params[0], beta=dict(c=beta.params[0], a=beta.params[1], b=beta.params[2]),
        isotonic=dict(at=iso.predict(AT).tolist(), knots=np.column_stack([iso.X_thresholds_, iso.y_thresholds_]).tolist(),
                      brier=brier_score_loss(y, iso.predict(p))),
    )


def dataset(users, n, a, b, digits=None):
    user = rng.integers(users, size=n)
    p = np.clip(rng.beta(2, 1.2, n), 0.003, 0.997)
    if digits:
        p = np.clip(p.round(digits), 10.0**-digits, 1 - 10.0**-digits)
    y = (rng.random(n) < sigmoid(a + b * logit(p) + rng.normal(0, 0.5, users)[user])).astype(float)
    width = np.searchsorted(np.linspace(0, 1, 11)[1:-1], p, side="left")
    _, equal = np.unique(p, return_inverse=True)
    order = np.argsort(p, kind="stable")
    mass = np.empty(n, int)
    mass[order] = np.arange(n) * 10 // n
    out = dict(rows=np.column_stack([user, p, y]).tolist(), width=binned(p, y, width), equal=binned(p, y, equal),
               smooth=smooth(p, y), selective=selective(p, y), maps=maps(p, y, user), at=AT.tolist(),
               brier=brier_score_loss(y, p), log_loss=log_loss(y, p), auroc=roc_auc_score(y, p))
    if not digits:
        out["mass"] = binned(p, y, mass)
    curve = calibration_curve(y, p, n_bins=10)
    assert np.allclose(np.abs(curve[0] - curve[1]).mean(), out["width"]["average"])
    q = IsotonicRegression(y_min=0, y_max=1).fit(p, y).predict(p)
    unc = y.mean() * (1 - y.mean())
    out["corp"] = dict(miscalibration=out["brier"] - brier_score_loss(y, q), discrimination=unc - brier_score_loss(y, q), uncertainty=unc)
    out["spiegelhalter"] = ((y - p) * (1 - 2 * p)).sum() / np.sqrt(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    out["hosmer_lemeshow"] = hosmer_lemeshow(p, y)
    return out


def hosmer_lemeshow(p, y):
    """Deciles by the rank of the first of equal confidences; as many degrees of freedom as bands, since nothing was fitted."""
    band = (stats.rankdata(p, method="min").astype(int) - 1) * 10 // len(p)
    observed = np.array([y[band == b].sum() for b in np.unique(band)])
    n = np.array([(band == b).sum() for b in np.unique(band)])
    expected = np.array([p[band == b].sum() for b in np.unique(band)])
    # Pearson's statistic over both outcomes.
    statistic = ((observed - expected) ** 2 / expected + (expected - observed) ** 2 / (n - expected)).sum()
    return dict(statistic=statistic, df=len(n), p_value=stats.chi2.sf(statistic, len(n)))


def bars():
    out = []
    for n, p, level in ((29, 0.16, 0.95), (157, 0.65, 0.95), (1, 0.5, 0.9), (100000, 0.03, 0.99), (72, 0.94, 0.8), (40, 0.999, 0.95)):
        tail = (1 - level) / 2
        out.append([n, p, level, stats.binom.ppf(tail, n, p) / n, stats.binom.ppf(1 - tail, n, p) / n])
    return out


def evidence(shares, risk):
    bets = (np.arange(10) + 0.5) / 10 / (1 - risk)
    e = np.mean([np.prod(1 - bet * (np.asarray(shares) - risk)) for bet in bets])
    return min(1.0, 1 / e)


def risks():
    binomial = [[k, n, risk, stats.binom.cdf(k, n, risk)] for k, n, risk in ((0, 59, 0.05), (23, 342, 0.1), (52, 496, 0.1), (3, 400, 0.02))]
    users = []
    for users_, risk, mean in ((40, 0.1, 0.03), (300, 0.05, 0.02), (150, 0.2, 0.3)):
        shares = rng.beta(mean * 6, (1 - mean) * 6, users_)
        users.append([shares.tolist(), risk, evidence(shares, risk)])
    fewest = []
    for risk, delta in ((0.05, 0.05), (0.1, 0.1), (0.2, 0.05)):
        n = next(n for n in range(1, 100000) if stats.binom.cdf(np.floor(n * risk / 2), n, risk) <= delta)
        # So many of the users see nothing but errors; a power, since it is no whole number of them.
        bets = (np.arange(10) + 0.5) / 10 / (1 - risk)
        each = (1 + bets * risk) ** (1 - risk / 2) * (1 - bets * (1 - risk)) ** (risk / 2)
        u = next(u for u in range(1, 100000) if 1 / np.mean(each**u) <= delta)
        fewest.append([risk, delta, n, u])
    return dict(binomial=binomial, users=users, fewest=fewest)


golden = dict(datasets=[dataset(12, 150, -0.7, 0.4), dataset(40, 600, 0.0, 1.0), dataset(25, 400, 0.3, 1.6, digits=2)], bars=bars(), risks=risks())
Path(__file__).with_name("calibration.json").write_text(json.dumps(golden) + "\n")
