"""Writes tests/parity/shap_reference.json: what shap's TreeExplainer says of a small forest of XGBoost's against a background.

python3 -m venv /tmp/reference
/tmp/reference/bin/pip install shap==0.51.0 xgboost==3.2.0
/tmp/reference/bin/python tests/parity/shap_reference.py
"""
import json
import pathlib

import numpy as np
import shap
import xgboost

random = np.random.RandomState(4)
examples = random.normal(size=(300, 5)).astype(np.float32)
examples[random.rand(300, 5) < 0.08] = np.nan
sums = np.nansum(examples * np.array([2, -1, 0.5, 0, 1], dtype=np.float32), axis=1) + np.nan_to_num(examples[:, 0] * examples[:, 1])
labels = (sums + random.normal(size=300) * 0.5 > 0).astype(int)
parameters = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "base_score": 0.5, "nthread": 1}
model = xgboost.train(parameters, xgboost.DMatrix(examples, label=labels), num_boost_round=6)
background, rows = examples[:12], examples[100:106]
explainer = shap.TreeExplainer(model, data=background, feature_perturbation="interventional")


def numbers(row):
    return [None if np.isnan(x) else float(x) for x in row]


reference = {
    "origin": f"shap {shap.__version__}, xgboost {xgboost.__version__}, tests/parity/shap_reference.py",
    "trees": [json.loads(tree) for tree in model.get_dump(dump_format="json", with_stats=True)],
    "background": [numbers(row) for row in background],
    "rows": [numbers(row) for row in rows],
    "expected_value": float(np.ravel(explainer.expected_value)[0]),
    "shap_values": [[float(x) for x in row] for row in explainer.shap_values(rows, check_additivity=False)],
}
(pathlib.Path(__file__).parent / "shap_reference.json").write_text(json.dumps(reference) + "\n")
