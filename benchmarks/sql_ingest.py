#!/usr/bin/env python3
"""Measures SQL to Parquet: 1M taxi rows out of a DuckDB and an SQLite database.

  benchmarks/sql_ingest.py prepare FOLDER          makes both databases there (needs duckdb and make_taxi.py's CSV)
  benchmarks/sql_ingest.py measure FOLDER [--runs 3]

The peers are what one would write without penstock: an ADBC driver (SQLite) or DuckDB's Arrow stream, pyarrow's
ParquetWriter (zstd 1), a file of all rows each; and DuckDB's own COPY. Penstock's `data convert` writes one file
too; `ExampleGen` cuts into train and eval by a hash of each row. Needs duckdb, adbc-driver-sqlite and pyarrow.
Prints wall, CPU and peak memory of the median run as JSON lines.
"""
import json
import os
import sys

from measure import run_once

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PENSTOCK = os.path.join(ROOT, 'build', 'release', 'bin', 'penstock')
QUERY = 'SELECT * FROM trips'

WRITE = '''
import pyarrow.parquet as pq
with pq.ParquetWriter(sys.argv[2], reader.schema, compression='zstd', compression_level=1) as writer:
    for batch in reader: writer.write_batch(batch)
'''
PEERS = {
    'duckdb: COPY': '''
import duckdb, sys
duckdb.connect(sys.argv[1], read_only=True).sql(
    f"COPY ({sys.argv[3]}) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
''',
    'duckdb: Arrow stream and pyarrow': '''
import duckdb, sys
database = duckdb.connect(sys.argv[1], read_only=True)
reader = database.sql(sys.argv[3]).to_arrow_reader(65536)
''' + WRITE,
    'sqlite: ADBC and pyarrow': '''
import adbc_driver_sqlite.dbapi, sys
cursor = adbc_driver_sqlite.dbapi.connect(sys.argv[1]).cursor()
cursor.execute(sys.argv[3])
reader = cursor.fetch_record_batch()
''' + WRITE,
}


def prepare(folder):
    import sqlite3
    import duckdb
    csv = os.path.join(ROOT, '.deps', 'data', 'taxi', 'taxi_1000000.csv')
    database = duckdb.connect()
    # A form that older libraries read too: ours may not be Python's.
    database.sql(f"ATTACH '{folder}/trips.duckdb' AS file (STORAGE_VERSION 'v1.2.0')")
    database.sql('USE file')
    database.sql(f"CREATE TABLE trips AS SELECT * FROM read_csv('{csv}', sample_size=-1)")
    columns = database.sql('DESCRIBE trips').fetchall()
    types = {'BIGINT': 'INTEGER', 'DOUBLE': 'REAL'}
    lite = sqlite3.connect(os.path.join(folder, 'trips.sqlite'))
    lite.execute('CREATE TABLE trips (%s)' % ', '.join(f'"{c[0]}" {types.get(c[1], "TEXT")}' for c in columns))
    rows = database.execute(QUERY)
    while chunk := rows.fetchmany(20_000):
        lite.executemany('INSERT INTO trips VALUES (%s)' % ', '.join('?' * len(columns)), chunk)
    lite.commit()


def measure(folder, runs):
    duck, lite = os.path.join(folder, 'trips.duckdb'), os.path.join(folder, 'trips.sqlite')
    out = os.path.join(folder, 'out.parquet')
    commands = {}
    for name, connection in (('duckdb', 'duckdb:' + duck), ('sqlite', 'sqlite:' + lite)):
        commands[f'{name}: penstock data convert'] = [
            PENSTOCK, 'data', 'convert', '--connection', connection, '--query', QUERY, out]
        pipeline = os.path.join(folder, name + '.yaml')
        with open(pipeline, 'w', encoding='utf-8') as file:
            file.write(f'pipeline: {name}\nnodes:\n  ExampleGen: {{connection: "{connection}", query: "{QUERY}"}}\n')
        commands[f'{name}: penstock ExampleGen, splits'] = [
            PENSTOCK, 'run', pipeline, '--root', os.path.join(folder, 'root'), '--json']
    for name, program in PEERS.items():
        database = duck if name.startswith('duckdb') else lite
        commands[name] = [sys.executable, '-c', program, database, out, QUERY]
    for name, command in commands.items():
        results = sorted(run_once(command)[:3] for _ in range(runs))
        wall, cpu, peak = results[len(results) // 2]
        print(json.dumps({'what': name, 'wall_s': round(wall, 2), 'cpu_s': round(cpu, 2), 'peak_mb': round(peak)}),
              flush=True)


if __name__ == '__main__':
    if len(sys.argv) < 3 or sys.argv[1] not in ('prepare', 'measure'):
        sys.exit(__doc__)
    if sys.argv[1] == 'prepare':
        prepare(sys.argv[2])
    else:
        measure(sys.argv[2], int(sys.argv[4]) if len(sys.argv) > 4 else 3)
