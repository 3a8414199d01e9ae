"""Reads exports with the libraries that people use. Arguments: address of a server with 250 edited outputs, and a key."""

import pathlib
import sys
import tempfile
import urllib.request

import datasets
import pandas
import polars

address, key = sys.argv[1:]
folder = pathlib.Path(tempfile.mkdtemp())


def fetch(path: str) -> str:
    request = urllib.request.Request(f"{address}/api/v1/exports/{path}", headers={"X-Api-Key": key})
    target = folder / path.split("?")[0]
    target.write_bytes(urllib.request.urlopen(request).read())
    return str(target)


def load(path: str) -> datasets.Dataset:
    return datasets.load_dataset("json", data_files=fetch(path), split="train", cache_dir=str(folder / "cache"))


pairs = load("preferences.jsonl?consent=all")
assert pairs.num_rows == 250, pairs
assert {"prompt", "chosen", "rejected"} <= set(pairs.column_names), pairs
row = next(row for row in pairs if row["provenance"]["output_id"] == "o7")
assert (row["prompt"], row["chosen"], row["rejected"]) == tuple(f"{word} 7 — «ü» \n" for word in ("ask", "mean", "say")), row

chat = load("preferences.jsonl?consent=all&form=conversational&seed=1")
assert chat[0]["prompt"][0]["role"] == "user" and chat[0]["chosen"][0]["role"] == "assistant", chat[0]

taken = load("sft.jsonl?consent=all")
assert [message["role"] for message in taken[0]["messages"]] == ["user", "assistant"], taken[0]

lines = pandas.read_json(fetch("outputs.jsonl"), lines=True)
table = pandas.read_csv(fetch("outputs.csv"))
assert len(lines) == len(table) == 250
assert sorted(lines["output_id"]) == sorted(table["output_id"])
assert set(table["final"]) == {f"mean {number} — «ü» \n" for number in range(250)}

lines = polars.read_ndjson(folder / "outputs.jsonl")
table = polars.read_csv(folder / "outputs.csv")
assert lines.height == table.height == 250
assert lines["final"].sort().to_list() == table["final"].sort().to_list()
