"""Reads feedback with the libraries that people use. Arguments: address of a server with 200 outputs, of which every other was accepted, and a
key."""

import pathlib
import sys
import tempfile
import urllib.request

import datasets
import pandas
import polars

address, key = sys.argv[1:]
folder = pathlib.Path(tempfile.mkdtemp())


def fetch(query: str) -> str:
    request = urllib.request.Request(f"{address}/api/v1/exports/feedback.jsonl?consent=all{query}", headers={"X-Api-Key": key})
    target = folder / f"feedback{query}.jsonl"
    target.write_bytes(urllib.request.urlopen(request).read())
    return str(target)


def load(query: str) -> datasets.Dataset:
    return datasets.load_dataset("json", data_files=fetch(query), split="train", cache_dir=str(folder / "cache"))


# What TRL's trainer asks for: the columns of unpaired preferences, by their names and types.
feedback = load("")
assert feedback.num_rows == 200, feedback
types = {name: feedback.features[name].dtype for name in ("prompt", "completion", "label")}
assert types == {"prompt": "string", "completion": "string", "label": "bool"}, types
assert sum(feedback["label"]) == 100, feedback
for row in feedback:
    number = int(row["provenance"]["output_id"][1:])
    assert (row["prompt"], row["completion"], row["label"]) == (f"ask {number}", f"say {number} — «ü» \n", number % 2 == 0), row

# What is known besides, to weigh and to choose by.
assert len(feedback.filter(lambda row: row["label"] or row["provenance"]["reason"] != "wrong_moment")) == 100
stayed = feedback.filter(lambda row: any(kept["after_seconds"] == 30 and kept["share"] >= 0.67 for kept in row["provenance"]["kept"]))
assert len(stayed) == 100 and all(stayed["label"]), stayed

chat = load("&form=conversational")
assert set(chat.column_names) == set(feedback.column_names), chat
for prompt, completion in zip(chat["prompt"], chat["completion"]):
    assert [message["role"] for message in prompt + completion] == ["user", "assistant"], (prompt, completion)

lines = pandas.read_json(fetch(""), lines=True)
assert lines["label"].dtype == bool and lines["label"].sum() == 100, lines.dtypes
lines = polars.read_ndjson(fetch(""))
assert lines["label"].dtype == polars.Boolean and lines["label"].sum() == 100, lines.schema

# Of each of the ten users the newest three, and both sides of the split are all there is.
few = load("&per_user=3")
assert few.num_rows == 30, few
sides = [load(f"&per_user=3&validation_share=0.5&split={side}").num_rows for side in ("train", "validation")]
assert sum(sides) == 30 and all(sides), sides
