"""Writes experiments.json: differences less what was there before, and what a choice is worth, for tests/it/golden/experiments.rs.

    python3 -m venv venv && venv/bin/pip install gbstats
    venv/bin/python tests/golden/experiments.py

gbstats takes θ from both arms around their common mean, which takes a part of the effect for noise; here θ is given to it, the one of
least variance.
"""
import json
from pathlib import Path

import numpy as np
from scipy.stats import norm
from gbstats.bayesian.tests import EffectBayesianABTest
from gbstats.models.statistics import RegressionAdjustedStatistic, SampleMeanStatistic

rng = np.random.default_rng(20261127)


def statistic(x, y, theta):
    mean = lambda v: SampleMeanStatistic(n=len(v), sum=float(v.sum()), sum_squares=float((v**2).sum()))
    return RegressionAdjustedStatistic(n=len(x), post_statistic=mean(y), pre_statistic=mean(x), theta=theta,
                                       post_pre_sum_of_products=float((x * y).sum()))


def case(first, second, effect):
    x = [rng.gamma(2, 2, n) for n in (first, second)]
    y = [0.7 * x[0] + rng.normal(0, 2, first), 0.7 * x[1] + rng.normal(effect, 2, second)]
    product = lambda a, b: float(((a - a.mean()) * (b - b.mean())).sum()) / len(a) ** 2
    theta = sum(map(product, x, y)) / sum(product(own, own) for own in x)
    a, b = (statistic(own_x, own_y, theta) for own_x, own_y in zip(x, y))
    plain = [statistic(own_x, own_y, 0.0) for own_x, own_y in zip(x, y)]
    error = lambda a, b: float(np.sqrt(a.variance / a.n + b.variance / b.n))
    return dict(x=[own.tolist() for own in x], y=[own.tolist() for own in y], theta=theta, difference=float(b.mean - a.mean),
                se=error(a, b), plain=float(plain[1].mean - plain[0].mean), plain_se=error(*plain))


def choice(difference, se):
    _, loss = EffectBayesianABTest.get_risk(difference, se)
    return dict(difference=difference, se=se, better=float(1 - norm.cdf(0, difference, se)), loss=loss)


golden = dict(cases=[case(60, 60, 0.0), case(150, 90, 0.8)],
              choices=[choice(*pair) for pair in ((0.02, 0.01), (-0.03, 0.02), (0.0, 0.5), (0.4, 0.1))])
Path(__file__).with_name("experiments.json").write_text(json.dumps(golden) + "\n")
