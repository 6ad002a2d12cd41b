"""How a dump is loaded, tool by tool: the lines that its README prints, and that the tests run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import dedent

from archive.dump.options import COMPRESSIONS, Options

UNTESTED = "written from the manual; the tests do not run it"


@dataclass(slots=True, frozen=True)
class Loader:
    """A few lines that load all records. `{suffix}` and `{cat}` stand for how JSON lines are packed."""

    tool: str
    format: str
    language: str
    code: str
    note: str = ""


LOADERS = (
    Loader("pandas", "parquet", "python", 'import pandas as pd\ndf = pd.read_parquet("data/parquet")'),
    Loader(
        "polars",
        "parquet",
        "python",
        """
        import polars as pl
        df = pl.read_parquet("data/parquet", hive_partitioning=True)
        """,
    ),
    Loader(
        "DuckDB",
        "parquet",
        "python",
        """
        import duckdb
        df = duckdb.sql("SELECT * FROM read_parquet('data/parquet/*/*.parquet', hive_partitioning = true)").df()
        """,
    ),
    Loader(
        "pyarrow",
        "parquet",
        "python",
        """
        import pyarrow.dataset as ds
        table = ds.dataset("data/parquet", partitioning="hive").to_table()
        """,
    ),
    Loader(
        "Hugging Face datasets",
        "parquet",
        "python",
        """
        from datasets import load_dataset
        news = load_dataset("parquet", data_files="data/parquet/*/*.parquet", split="train")
        """,
    ),
    Loader("R arrow", "parquet", "r", 'df <- dplyr::collect(arrow::open_dataset("data/parquet"))', UNTESTED),
    Loader(
        "pandas",
        "jsonl",
        "python",
        """
        import glob, pandas as pd
        df = pd.concat(
            pd.read_json(file, lines=True, dtype=False)
            for file in sorted(glob.glob("data/jsonl/*.jsonl{suffix}"))
        )
        """,
    ),
    Loader(
        "polars",
        "jsonl",
        "python",
        """
        import glob, polars as pl
        files = sorted(glob.glob("data/jsonl/*.jsonl{suffix}"))
        frames = [pl.read_ndjson(file, infer_schema_length=None) for file in files]
        df = pl.concat(frames, how="diagonal_relaxed")
        """,
    ),
    Loader(
        "DuckDB",
        "jsonl",
        "python",
        """
        import duckdb
        # 1402-05-12 looks like a Gregorian day and is none: let days stay text.
        news = duckdb.sql("SELECT * FROM read_json('data/jsonl/*.jsonl{suffix}', dateformat = 'none')")
        table = news.to_arrow_table()
        """,
    ),
    Loader(
        "pyarrow",
        "jsonl",
        "python",
        """
        import glob, io, pyarrow as pa, pyarrow.json
        files = sorted(glob.glob("data/jsonl/*.jsonl{suffix}"))
        text = b"".join(pa.input_stream(file).read() for file in files)
        # 1402-05-12 looks like a Gregorian day and is none: let dates stay text.
        dates = pa.schema(dict.fromkeys(("published", "published_jalali", "modified"), pa.string()))
        parse = pa.json.ParseOptions(explicit_schema=dates)
        table = pa.json.read_json(io.BytesIO(text), pa.json.ReadOptions(block_size=1 << 24), parse)
        """,
    ),
    Loader(
        "jq",
        "jsonl",
        "sh",
        "{cat} data/jsonl/*.jsonl{suffix} | jq -r '[.published_jalali, .id, .title] | @tsv'",
    ),
    Loader(
        "R jsonlite",
        "jsonl",
        "r",
        """
        files <- Sys.glob("data/jsonl/*.jsonl{suffix}")
        df <- do.call(rbind, lapply(files, function(f) jsonlite::stream_in(pipe(paste("{cat}", f)))))
        """,
        UNTESTED,
    ),
    Loader(
        "pandas",
        "csv",
        "python",
        """
        import glob, pandas as pd
        files = sorted(glob.glob("data/csv/*.csv"))
        df = pd.concat(pd.read_csv(file, dtype=str, encoding="utf-8-sig") for file in files)
        """,
    ),
    Loader(
        "DuckDB",
        "csv",
        "python",
        """
        import duckdb
        df = duckdb.sql("SELECT * FROM read_csv('data/csv/*.csv', all_varchar = true)").df()
        """,
    ),
)
_CAT = {"zstd": "zstd -dc", "gzip": "gzip -dc", "none": "cat"}


def loaders(options: Options) -> list[Loader]:
    """The lines for the formats of a dump, as they are to be typed in its folder."""
    suffix, cat = COMPRESSIONS[options.compression], _CAT[options.compression]
    return [
        replace(each, code=dedent(each.code).strip().replace("{suffix}", suffix).replace("{cat}", cat))
        for each in LOADERS
        if each.format in options.formats
    ]
