"""Prints scipy's figures for the samples of numeric_drift_test.cc.

python3 -m venv /tmp/scipy && /tmp/scipy/bin/pip install scipy==1.13.1 numpy==1.26.4
/tmp/scipy/bin/python tests/parity/drift_reference.py
"""
import numpy as np
from scipy import stats

SAMPLES = {
    "kSeparate": ([1, 2, 3, 4, 5], [6, 7, 8, 9]),
    "kTies": ([1, 1, 2, 2, 2, 3, 5, 8], [1, 2, 3, 3, 3, 4, 9, 9, 10]),
    "kLong": ([(i * 7919) % 1009 / 10 for i in range(500)], [(i * 104729) % 1013 / 9 + 3 for i in range(400)]),
}
BINS = ([10, 20, 30, 0, 5], [12, 18, 25, 4, 9])

for name, (a, b) in SAMPLES.items():
    print(name, [repr(float(x)) for x in (
        stats.ks_2samp(a, b).statistic,
        stats.wasserstein_distance(a, b),
        stats.energy_distance(a, b),
        stats.cramervonmises_2samp(a, b).statistic,
        stats.anderson_ksamp([a, b]).statistic,
    )])
counts, baseline = (np.array(x, dtype=float) for x in BINS)
p, q = counts / counts.sum(), baseline / baseline.sum()
floored_p, floored_q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
print("bins", [repr(float(x)) for x in (
    ((floored_p - floored_q) * np.log(floored_p / floored_q)).sum(),
    np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2),
    stats.chi2_contingency([counts, baseline], correction=False).statistic,
    np.abs(p - q).sum() / 2,
)])
