"""Writes words.json: words that mark one set of texts against another, and translation edit rates, for tests/it/golden/words.rs.

    python3 -m venv venv && venv/bin/pip install numpy statsmodels sacrebleu
    CALIBRANT_TEST_DATA=... venv/bin/python tests/golden/words.py

Equations 16, 19 and 22 of Monroe, Colaresi and Quinn (2008) with numpy. Without a prior, δ is the slope of a logistic regression of
"is it this word" on the set, whose sandwich over users comes from statsmodels; its factor (n - 1)/(n - k) is taken out.

Edit rates are those of sacrebleu.metrics.TER, on words as they are given: numbers, so that nothing is cut or folded. The sums
of edits of published post-edits are for tests/it/reference/texts.rs.
"""
import gzip
import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from sacrebleu.metrics import TER

rng = np.random.default_rng(20261125)


def drawn(users, vocabulary):
    """Counts by user, set and word; users write of different things, and one writes much."""
    skew = rng.dirichlet(np.full(vocabulary, 0.6))
    counts = np.zeros((users, 2, vocabulary), dtype=int)
    for user in range(users):
        own = rng.dirichlet(60 * skew + 0.05)
        for side in range(2):
            counts[user, side] = rng.multinomial(rng.poisson(400 if user == 0 else 60) * (user % 5 != side), own)
    return counts


def influence_variance(counts, word, alpha, total):
    y, n = counts[:, :, word].astype(float), counts.sum(axis=2).astype(float)
    own = y.sum(axis=0) + alpha
    rest = n.sum(axis=0) + total - own
    e = y * (1 / own + 1 / rest) - n / rest
    e = e[:, 0] - e[:, 1]
    groups = len(e)
    return float(groups / (groups - 1) * ((e - e.mean()) ** 2).sum())


def case(users, vocabulary, strength):
    counts = drawn(users, vocabulary)
    y = counts.sum(axis=0).astype(float)
    pooled = y.sum(axis=0)
    prior = strength * pooled / pooled.sum()
    n, total = y.sum(axis=1), prior.sum()
    words = []
    for word in range(vocabulary):
        a, b, alpha = y[0, word], y[1, word], prior[word]
        if alpha == 0:
            continue
        delta = np.log((a + alpha) / (n[0] + total - a - alpha)) - np.log((b + alpha) / (n[1] + total - b - alpha))
        variance = 1 / (a + alpha) + 1 / (b + alpha)
        words.append(dict(word=word, alpha=float(alpha), delta=float(delta), z=float(delta / np.sqrt(variance)),
                          clustered=influence_variance(counts, word, alpha, total)))
    return dict(counts=counts.tolist(), total=float(total), words=words)


def plain(users, vocabulary):
    counts = drawn(users, vocabulary)
    out = []
    for word in range(vocabulary):
        y, n = counts[:, :, word], counts.sum(axis=2)
        if (y.sum(axis=0) == 0).any():
            continue
        is_word = np.concatenate([np.r_[np.ones(y[u, s]), np.zeros(n[u, s] - y[u, s])] for u in range(users) for s in range(2)])
        first = np.concatenate([np.full(n[u, s], 1.0 - s) for u in range(users) for s in range(2)])
        user = np.concatenate([np.full(n[u, s], u) for u in range(users) for s in range(2)])
        x = sm.add_constant(first)
        fit = sm.GLM(is_word, x, family=sm.families.Binomial()).fit(
            tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds=dict(groups=user, use_correction=False))
        groups = len(np.unique(user))
        out.append(dict(word=word, delta=float(fit.params[1]), clustered=float(fit.bse[1] ** 2 * groups / (groups - 1))))
    return dict(counts=counts.tolist(), words=out)


def edited(words, vocabulary, rate):
    """What a user makes of a text: words go, come and are replaced, and blocks are moved."""
    made = []
    for word in words:
        luck = rng.random() / rate if rate else 1
        if luck < 0.3:
            continue
        made.append(int(rng.integers(vocabulary)) if luck < 0.7 else word)
        if luck < 1 and luck >= 0.7:
            made.append(int(rng.integers(vocabulary)))
    for _ in range(rng.poisson(1 + len(words) * rate / 10)):
        start, length = rng.integers(len(made) + 1), 1 + rng.integers(12)
        block, rest = made[start:start + length], made[:start] + made[start + length:]
        to = rng.integers(len(rest) + 1)
        made = rest[:to] + block + rest[to:]
    return made


def rated(output, user):
    score = TER(case_sensitive=True).corpus_score([" ".join(map(str, output))], [[" ".join(map(str, user))]])
    return dict(output=list(output), user=list(user), edits=score.num_edits, rate=score.score / 100)


def edit_rates():
    pairs = [([], []), ([1, 2, 3], []), ([], [1, 2]), ([1], [1]), ([2, 1], [1, 2]), ([4, 5, 6, 1, 2, 3], [1, 2, 3, 4, 5, 6]),
             (list(range(12, 24)) + list(range(12)), list(range(24))), ([1], list(range(90))), (list(range(90)), [1, 2]),
             # The band is left where much comes in at the start.
             (list(range(120)), list(range(200, 260)) + list(range(120))),
             # More moves than are weighed.
             (list(rng.integers(0, 4, 90).tolist()), list(rng.integers(0, 4, 90).tolist()))]
    for length, vocabulary, rate, times in [(6, 5, 0.4, 60), (20, 15, 0.3, 60), (25, 200, 0.2, 40), (60, 60, 0.15, 25), (150, 400, 0.1, 8),
                                            (400, 2_000, 0.03, 3), (800, 5_000, 0.01, 1)]:
        for _ in range(times):
            output = rng.integers(0, vocabulary, max(1, rng.poisson(length))).tolist()
            pairs.append((output, edited(output, vocabulary, rate)))
            if length <= 60:
                pairs.append((output, rng.integers(0, vocabulary, rng.poisson(length)).tolist()))
    return [rated(*pair) for pair in pairs]


def post_edits():
    """By language pair: edits as written and in lower case, words, and rows whose published rate, at most 1, is that in lower case."""
    as_written, folded = TER(case_sensitive=True), TER()
    sums = defaultdict(lambda: [0, 0, 0, 0])
    with gzip.open(Path(os.environ["CALIBRANT_TEST_DATA"]) / "mlqe_pe/postedits.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            one, other = (ter.sentence_score(row["model_output"], [row["final_text"]]) for ter in (as_written, folded))
            is_published = abs(min(1, other.score / 100) - row["hter"]) < 1.5e-6
            for at, own in enumerate((one.num_edits, other.num_edits, int(one.ref_length), int(is_published))):
                sums[row["feature"]][at] += own
    return {feature: dict(zip(("edits", "folded", "words", "published"), own)) for feature, own in sums.items()}


golden = dict(cases=[case(12, 15, 40.0), case(60, 25, 500.0)], plain=plain(15, 6), edit_rates=edit_rates(), post_edits=post_edits())
Path(__file__).with_name("words.json").write_text(json.dumps(golden) + "\n")
