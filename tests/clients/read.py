"""Reads an answer as real clients do, straight from its address, and prints what each of them saw, a line of JSON per client.

Called with the address of a link for each form: csv, arrow, parquet.
"""

import io
import json
import sys
import urllib.request

import duckdb
import duckdb_extensions
import pandas
import polars
import pyarrow
import pyarrow.parquet

csv, arrow, parquet = sys.argv[1:]
COLUMNS = ["feature", "bucket", "metric", "value", "lower", "n"]


def say(client, rows, types):
    """`rows` have the columns above; times in milliseconds since 1970, nothing as null."""
    print(json.dumps({"client": client, "rows": rows, "types": types}))


def plain(value):
    if value is None or value != value:
        return None
    return int(value.timestamp() * 1000) if hasattr(value, "timestamp") else value


def rows(frame):
    return [[plain(value) for value in row] for row in frame]


def of_pandas(client, frame):
    frame = frame[COLUMNS]
    found = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
    say(client, rows(found), [str(kind) for kind in frame.dtypes])


def of_polars(client, frame):
    frame = frame.select(COLUMNS)
    say(client, rows(frame.iter_rows()), [str(kind) for kind in frame.dtypes])


def read(address):
    return urllib.request.urlopen(address).read()


of_pandas("pandas csv", pandas.read_csv(csv, parse_dates=["bucket"]))
of_pandas("pandas parquet", pandas.read_parquet(parquet))
of_polars("polars csv", polars.read_csv(csv, try_parse_dates=True))
of_polars("polars parquet", polars.read_parquet(parquet))
of_polars("polars scan_parquet", polars.scan_parquet(parquet).select(COLUMNS).collect())
of_polars("polars arrow", polars.read_ipc_stream(io.BytesIO(read(arrow))))

with urllib.request.urlopen(arrow) as answer:
    of_pandas("pyarrow arrow", pyarrow.ipc.open_stream(answer).read_all().to_pandas())
of_pandas("pyarrow parquet", pyarrow.parquet.read_table(pyarrow.BufferReader(read(parquet))).to_pandas())

database = duckdb.connect()
duckdb_extensions.import_extension("httpfs")
database.execute("LOAD httpfs; SET TimeZone = 'UTC'")
names = ", ".join(COLUMNS)
for name, reader, address in [("csv", "read_csv", csv), ("parquet", "read_parquet", parquet)]:
    found = database.execute(f"SELECT {names} FROM {reader}(?)", [address])
    types = [str(column[1]) for column in found.description]
    say(f"duckdb {name}", rows(found.fetchall()), types)
