"""What the bench asks of DuckDB: the outputs as Parquet, and the same answers as Calibrant's from them.

    duckdb_peer.py export FILE              rows as CSV on stdin
    duckdb_peer.py ask FILE QUESTION TIMES  prints {"seconds": [...], "rows": [...]}

A rate's standard error is clustered by user: the outputs are summed per group, day and user, and these sums and their squares
and products per group and day. With n and d of each of G users and R = sum(n) / sum(d),

    Var(R) = G / (G - 1) * sum((n - R d)^2) / sum(d)^2

which is Calibrant's formula with the square multiplied out, since DuckDB then needs one pass.
"""

import json
import os
import sys
import time

import duckdb

COLUMNS = {
    "feature": "VARCHAR",
    "version": "VARCHAR",
    "plan": "VARCHAR",
    "user_key": "BIGINT",
    "shown_at": "TIMESTAMP",
    "decision": "TINYINT",
    "confidence": "DOUBLE",
    "correct": "BOOLEAN",
    "missed": "BOOLEAN",
}
TAKEN = "decision IN (1, 2, 4)"
DECIDED = "decision IN (1, 2, 3, 4)"
RATES = {
    "acceptance_rate": ("taken", "decided"),
    "correctness_rate": ("correct", "judged"),
    "trust_gap": ("trusted - trustworthy", "judged_decided"),
}
# By question: what is grouped by, and which outputs.
CUTS = {
    "by feature and day": (["feature", "shown_at::DATE AS day"], "true"),
    "by version": (["version"], "true"),
    "one plan by feature": (["feature"], "plan = 'pro'"),
    "totals": ([], "true"),
}
CURVE = "reliability curve"
COMPARE = "two versions compared"
SIDES = {"baseline": "v1", "candidate": "v2"}


def rate(name, n, d):
    """The sums and the standard error of one rate, from the sums per user."""
    all_d = f"nullif(sum({d}), 0)"
    r = f"(sum({n}) / {all_d})"
    users = f"count(*) FILTER (({d}) > 0)"
    squares = f"sum(({n}) * ({n})) - 2 * {r} * sum(({n}) * ({d})) + {r} * {r} * sum(({d}) * ({d}))"
    return [
        f"sum({n})::DOUBLE AS {name}_n",
        f"sum({d})::DOUBLE AS {name}_d",
        f"{users} AS {name}_users",
        f"sqrt(greatest(0, {squares}) * {users} / nullif({users} - 1, 0)) / {all_d} AS {name}_se",
    ]


def rates(group, condition, file):
    names = ", ".join(column.split(" AS ")[-1] for column in group)
    by_user = f"""
        SELECT {"".join(f"{column}, " for column in group)} user_key,
            count(*) FILTER (NOT missed)::DOUBLE AS shown,
            count(*) FILTER ({TAKEN})::DOUBLE AS taken,
            count(*) FILTER ({DECIDED})::DOUBLE AS decided,
            count(*) FILTER (correct)::DOUBLE AS correct,
            count(correct)::DOUBLE AS judged,
            count(correct) FILTER ({TAKEN})::DOUBLE AS trusted,
            count(*) FILTER (correct AND {DECIDED})::DOUBLE AS trustworthy,
            count(correct) FILTER ({DECIDED})::DOUBLE AS judged_decided
        FROM '{file}' WHERE {condition} GROUP BY ALL"""
    columns = ([names] if names else []) + ["sum(shown) AS shown"]
    for name, (n, d) in RATES.items():
        columns += rate(name, n, d)
    return f"SELECT {', '.join(columns)} FROM ({by_user}) {'GROUP BY ALL' if names else ''}"


def curve(file):
    """Ten bands of confidence of the largest feature against acceptance. No confidence is on the edge of a band. Confidences
    and errors are summed in whole units of 1e-10, as Calibrant sums them."""
    by_user = f"""
        SELECT ceil(confidence * 10)::INT - 1 AS band, user_key, count(*)::DOUBLE AS d,
            count(*) FILTER ({TAKEN})::DOUBLE AS n,
            sum(floor(confidence * 1e10 + 0.5)::BIGINT) AS p,
            sum(floor(error * error * 1e10 + 0.5)::BIGINT) AS squared_error,
            -sum(ln(greatest(1 - abs(error), 1e-6))) AS log_loss
        FROM (SELECT *, confidence - ({TAKEN})::INT AS error FROM '{file}'
            WHERE feature = 'feature-1' AND confidence IS NOT NULL AND {DECIDED})
        GROUP BY ALL"""
    sums = ["sum(p)::DOUBLE AS p", "sum(squared_error)::DOUBLE AS squared_error", "sum(log_loss) AS log_loss"]
    return f"SELECT band, {', '.join(rate('outcome', 'n', 'd') + sums)} FROM ({by_user}) GROUP BY band"


def compare(file):
    """Two versions: sums per user and side, and of them the difference's variance, in which users on both sides covary:

        Var(R_b - R_a) = G / (G - 1) * sum((n_b - R_b d_b) / D_b - (n_a - R_a d_a) / D_a)^2
    """
    sums, names, errors = [], [], []
    for side, version in SIDES.items():
        of = f"version = '{version}'"
        sums += [
            f"count(*) FILTER ({of} AND {TAKEN})::DOUBLE AS taken_{side}",
            f"count(*) FILTER ({of} AND {DECIDED})::DOUBLE AS decided_{side}",
            f"count(*) FILTER ({of} AND correct)::DOUBLE AS correct_{side}",
            f"count(correct) FILTER ({of})::DOUBLE AS judged_{side}",
            f"count(correct) FILTER ({of} AND {TAKEN})::DOUBLE - count(*) FILTER ({of} AND correct AND {DECIDED}) AS gap_{side}",
            f"count(correct) FILTER ({of} AND {DECIDED})::DOUBLE AS judged_decided_{side}",
        ]
    parts = {"acceptance_rate": ("taken", "decided"), "correctness_rate": ("correct", "judged"), "trust_gap": ("gap", "judged_decided")}
    for metric, (n, d) in parts.items():
        influence = []
        for side in SIDES:
            names += [f"sum({n}_{side}) AS {metric}_{side}_numerator", f"sum({d}_{side}) AS {metric}_{side}_denominator"]
            total_n, total_d = f"{metric}_{side}_numerator", f"{metric}_{side}_denominator"
            influence.append(f"({n}_{side} - {total_n} / {total_d} * {d}_{side}) / {total_d}")
        users = f"count(*) FILTER ({d}_baseline + {d}_candidate > 0)"
        square = f"({influence[1]} - {influence[0]})"
        errors.append(f"sqrt(sum({square} * {square}) * {users} / ({users} - 1)) AS {metric}_se")
    return f"""
        WITH by_user AS (SELECT user_key, {", ".join(sums)} FROM '{file}' WHERE version IN ('v1', 'v2') GROUP BY user_key),
            totals AS (SELECT {", ".join(names)} FROM by_user)
        SELECT any_value(totals), {", ".join(errors)} FROM by_user, totals"""


def export(file):
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    duckdb.sql(f"""
        COPY (SELECT * FROM read_csv('/dev/stdin', header = false, auto_detect = false, delim = ',', quote = '"',
            columns = {{{columns}}}) ORDER BY shown_at)
        TO '{file}.part' (FORMAT parquet, COMPRESSION zstd)""")
    os.replace(f"{file}.part", file)


def flat(row):
    """A row with the fields of its structs as columns."""
    structs = {name: value for name, value in row.items() if isinstance(value, dict)}
    return {name: value for name, value in row.items() if name not in structs} | {
        field: value for struct in structs.values() for field, value in struct.items()
    }


def ask(file, question, times):
    special = {CURVE: curve, COMPARE: compare}
    sql = special[question](file) if question in special else rates(*CUTS[question], file)
    connection = duckdb.connect()
    answer = connection.execute(sql)
    names = [column[0] for column in answer.description]
    rows = [flat(dict(zip(names, row))) for row in answer.fetchall()]
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        connection.execute(sql).fetchall()
        seconds.append(time.perf_counter() - started)
    json.dump({"seconds": seconds, "rows": rows}, sys.stdout, default=str)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["export", file]:
            export(file)
        case ["ask", file, question, times]:
            ask(file, question, int(times))
        case _:
            sys.exit(__doc__)
