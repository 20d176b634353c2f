"""Runs a pack with dbt Core on DuckDB over the same files, and compares every mart row for row with the lake's.

    python dbt_marts.py PACK_DIR SOURCE FILES_DIR LAKE_DIR

The lake is read by the package `deltalake`, another reader of the open format. Prints one line per mart; exit code 1 on any difference.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import duckdb
from deltalake import DeltaTable


def snake(name: str) -> str:
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def load_raw(db: str, source: str, files: pathlib.Path) -> None:
    """The files as DuckDB itself reads them, under the names that Mirante lands them by."""
    with duckdb.connect(db) as connection:
        connection.execute("create schema raw")
        for path in sorted(files.iterdir()):
            reader = {".csv": "read_csv", ".parquet": "read_parquet"}.get(path.suffix)
            if not reader:
                continue
            table = f"{reader}('{path}')"
            columns = [row[0] for row in connection.execute(f"describe select * from {table}").fetchall()]
            named = ", ".join(f'"{column}" as {snake(column)}' for column in columns)
            connection.execute(
                f"create table raw.{source}__{snake(path.stem)} as select {named}, 'batch' as _mirante_batch, "
                f"now()::timestamp as _mirante_loaded_at, false as _mirante_deleted from {table}"
            )


def run_dbt(pack: pathlib.Path, db: str) -> None:
    dbt = pathlib.Path(sys.executable).with_name("dbt")
    environment = {**os.environ, "MIRANTE_DUCKDB": db, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run([dbt, "build", "--profiles-dir", "."], cwd=pack, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"dbt build failed:\n{done.stdout}{done.stderr}")


def differences(connection, name: str, lake: pathlib.Path) -> int:
    ours = DeltaTable(str(lake / "marts" / name)).to_pyarrow_table()
    connection.register("ours", ours)
    columns = [row[0] for row in connection.execute(f"describe marts.{name}").fetchall()]
    if sorted(columns) != sorted(ours.column_names):
        print(f"{name}: columns {sorted(ours.column_names)} are not dbt's {sorted(columns)}")
        return 1
    # As text in one spelling: engines name their widths differently, values are what must be equal.
    kinds = {row[0]: row[1] for row in connection.execute(f"describe marts.{name}").fetchall()}
    spelt = ", ".join(
        f'cast("{column}" as double)::varchar' if kinds[column] in ("DOUBLE", "FLOAT") else f'cast("{column}" as {kinds[column]})::varchar'
        for column in columns
    )
    count = 0
    for one, other in [("ours", f"marts.{name}"), (f"marts.{name}", "ours")]:
        rows = connection.execute(f"select {spelt} from {one} except all select {spelt} from {other}").fetchall()
        count += len(rows)
        for row in rows[:3]:
            print(f"{name}: only in {one}: {row}")
    total = connection.execute(f"select count(*) from marts.{name}").fetchall()[0][0]
    print(f"{name}: {total} rows, {len(columns)} columns, {count} differences")
    connection.unregister("ours")
    return count


def main(pack: str, source: str, files: str, lake: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "pack"
        shutil.copytree(pack, project, ignore=shutil.ignore_patterns("target", "logs"))
        db = str(pathlib.Path(folder) / "peer.duckdb")
        load_raw(db, source, pathlib.Path(files))
        run_dbt(project, db)
        with duckdb.connect(db) as connection:
            marts = connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
            ).fetchall()
            if not marts:
                sys.exit("dbt made no mart")
            return sum(differences(connection, name, pathlib.Path(lake)) for (name,) in marts)


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:5]) else 0)
