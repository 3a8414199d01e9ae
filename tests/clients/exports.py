"""Reads exports with the libraries that people use. Arguments: address of a server with 250 edited outputs, and a key."""

import json
import pathlib
import sys
import tempfile
import urllib.request

import datasets
import duckdb
import duckdb_extensions
import pandas
import polars
import pyarrow.parquet

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
assert sorted(lines.columns) == sorted(table.columns)
assert table["attributes"].map(json.loads).to_list() == lines["attributes"].to_list()
assert set(table["final"]) == {f"mean {number} — «ü» \n" for number in range(250)}

lines = polars.read_ndjson(folder / "outputs.jsonl")
table = polars.read_csv(folder / "outputs.csv")
assert lines.height == table.height == 250
assert lines["final"].sort().to_list() == table["final"].sort().to_list()

# Parquet, straight from its address; DuckDB and Polars read its end first, and then the pieces that they need.
def link(path: str) -> str:
    body = json.dumps({"path": f"/api/v1/exports/{path}"}).encode()
    request = urllib.request.Request(f"{address}/api/v1/links", body, {"X-Api-Key": key})
    return json.load(urllib.request.urlopen(request))["url"]


finals = sorted(table["final"].to_list())
file = link("outputs.parquet")
whole = pandas.read_parquet(file)
assert len(whole) == 250 and sorted(whole["final"]) == finals
assert str(whole["shown_at"].dtype).startswith("datetime64"), whole.dtypes
assert sorted(polars.read_parquet(file)["final"].to_list()) == finals
assert sorted(polars.scan_parquet(file).select("final").collect()["final"].to_list()) == finals
arrow = pyarrow.parquet.read_table(fetch("outputs.parquet"))
assert sorted(arrow["final"].to_pylist()) == finals
assert arrow.column_names == pandas.read_csv(fetch("outputs.csv")).columns.to_list()

database = duckdb.connect()
duckdb_extensions.import_extension("httpfs")
database.execute("LOAD httpfs")
assert sorted(row[0] for row in database.execute("SELECT final FROM read_parquet(?)", [file]).fetchall()) == finals

# In parts, each going on after the one before, as a single table.
parts, cursor = [], ""
while not parts or parts[-1].height == 100:
    parts.append(polars.read_parquet(link(f"outputs.parquet?limit=100{cursor}")))
    cursor = f"&cursor={parts[-1]['cursor'][-1]}"
assert [part.height for part in parts] == [100, 100, 50]
assert polars.concat(parts)["output_id"].to_list() == whole["output_id"].to_list()
