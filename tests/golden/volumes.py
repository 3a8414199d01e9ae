"""Writes volumes.json: characters that translators kept, deleted and inserted, and ratings step by step, for tests/it/reference.

    python3 -m venv venv && venv/bin/pip install numpy statsmodels rapidfuzz
    CALIBRANT_TEST_DATA=... venv/bin/python tests/golden/volumes.py

Lengths and longest common subsequences on Unicode scalar values after NFC by rapidfuzz; ratios of sums as intercept-only regressions of
statsmodels, weighted by their denominators, with errors clustered by output or by rated item; Wilson's intervals of shares with the number
of ratings that the clustered variance is worth.
"""
import gzip
import json
import os
from collections import defaultdict
from pathlib import Path
from unicodedata import normalize

import numpy as np
import statsmodels.api as sm
from rapidfuzz.distance import LCSseq, Levenshtein
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

DATA = Path(os.environ["CALIBRANT_TEST_DATA"])


def rows(path):
    with gzip.open(DATA / path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def ratio(numerators, denominators, groups):
    """What a sum is of another one, with its CR1 error and its normal interval."""
    n, d = np.asarray(numerators, float), np.asarray(denominators, float)
    kept = d > 0
    n, d, groups = n[kept], d[kept], np.asarray(groups)[kept]
    fit = sm.WLS(n / d, np.ones(len(d)), weights=d).fit(cov_type="cluster", cov_kwds=dict(groups=groups), use_t=False)
    value, error = float(fit.params[0]), float(fit.bse[0])
    reach = float(norm.ppf(0.975)) * error
    return dict(ratio=value, num=float(n.sum()), den=float(d.sum()), clusters=len(set(groups.tolist())), se=error,
                ci_z=[value - reach, value + reach])


def edits():
    found = defaultdict(list)
    for number, row in enumerate(rows("mlqe_pe/postedits.jsonl.gz")):
        a, b = (normalize("NFC", row[name]) for name in ("model_output", "final_text"))
        kept = LCSseq.similarity(a, b)
        own = (number, kept, len(a) - kept, len(b) - kept, len(b), Levenshtein.normalized_distance(a, b) <= 0.2)
        found["all"].append(own)
        found[row["feature"]].append(own)
    out = {}
    for name, own in found.items():
        number, kept, deleted, inserted, final, soft = map(np.array, zip(*own))
        edited = deleted + inserted > 0
        n, k = len(own), int(soft.sum())
        out[name] = dict(
            retained_characters_per_shown=ratio(kept, np.ones(n), number),
            deleted_characters_per_edit=ratio(deleted, edited, number),
            inserted_characters_per_edit=ratio(inserted, edited, number),
            final_share_of_ai=ratio(kept, final, number),
            soft_acceptance_rate=dict(k=k, n=n, rate=k / n, wilson=list(map(float, proportion_confint(k, n, method="wilson")))),
        )
    return out


def ratings():
    steps = ["Bad", "Could be Improved", "Acceptable", "Excellent"]
    said = defaultdict(list)
    for number, row in enumerate(rows("feedbackqa/feedback.jsonl.gz")):
        said[row["feature"]] += [(number, steps.index(rating)) for rating in row["ratings"]]
    out = {}
    for feature, own in said.items():
        groups, rating = map(np.array, zip(*own))
        out[feature] = []
        for step in range(len(steps)):
            share = ratio(rating == step, np.ones(len(rating)), groups)
            p = share["ratio"]
            worth = min(p * (1 - p) / share["se"] ** 2, share["den"])
            lower, upper = proportion_confint(p * worth, worth, method="wilson")
            out[feature].append(dict(share, wilson=[float(lower), float(upper)]))
    return out


Path(__file__).with_name("volumes.json").write_text(json.dumps(dict(edits=edits(), ratings=ratings())) + "\n")
