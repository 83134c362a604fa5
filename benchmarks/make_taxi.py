#!/usr/bin/env python3
"""Makes a large taxi table: resamples the rows of the Chicago Taxi CSV with jitter, seeded.

  benchmarks/make_taxi.py [--rows 1000000] [--seed 1]     writes .deps/data/taxi/taxi_<rows>.csv, prints its path

Integers stay integers and empty cells stay empty. Fare, tips, miles, seconds, timestamp and coordinates
are jittered, so that the number of distinct values grows with the rows as it does in real data; areas,
tracts and text keep their domains. The same arguments give the same bytes. Standard library only.
"""
import argparse
import os
import random
import sys

JITTER = {
    'fare': lambda cell, r: '%.2f' % abs(float(cell) + r * 0.5),
    'tips': lambda cell, r: '%.2f' % abs(float(cell) * (1 + r * 0.1)),
    'trip_miles': lambda cell, r: '%.1f' % abs(float(cell) + r * 0.3),
    'trip_seconds': lambda cell, r: str(int(abs(float(cell) + 30 * r))),
    'trip_start_timestamp': lambda cell, r: str(int(cell) + int(86400 * r)),
    'pickup_latitude': lambda cell, r: '%.9f' % (float(cell) + r * 1e-4),
    'pickup_longitude': lambda cell, r: '%.9f' % (float(cell) + r * 1e-4),
    'dropoff_latitude': lambda cell, r: '%.9f' % (float(cell) + r * 1e-4),
    'dropoff_longitude': lambda cell, r: '%.9f' % (float(cell) + r * 1e-4),
}


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folder = os.path.join(root, '.deps', 'data', 'taxi')
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rows', type=int, default=1_000_000)
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    target = os.path.join(folder, 'taxi_%d.csv' % options.rows)
    with open(os.path.join(folder, 'data.csv'), encoding='utf-8') as source:
        header = source.readline().rstrip('\n')
        rows = [line.rstrip('\n').split(',') for line in source]
    names = header.split(',')
    if any(len(row) != len(names) for row in rows):
        sys.exit('%s: a row does not have %d cells' % (source.name, len(names)))
    jitter = [(names.index(name), function) for name, function in JITTER.items()]
    uniform = random.Random(options.seed).random
    with open(target + '.new', 'w', encoding='utf-8', newline='\n') as out:
        out.write(header + '\n')
        for _ in range(options.rows):
            row = list(rows[int(uniform() * len(rows))])
            for place, function in jitter:
                if row[place]:
                    row[place] = function(row[place], 2 * uniform() - 1)
            out.write(','.join(row) + '\n')
    os.replace(target + '.new', target)
    print(target)


if __name__ == '__main__':
    main()
