"""Writes tests/parity/metrics_reference.json: what scikit-learn, sacrebleu and rouge-score say of some examples.

python3 -m venv /tmp/reference
/tmp/reference/bin/pip install scikit-learn==1.9.1 sacrebleu==2.6.0 rouge-score==0.1.2
/tmp/reference/bin/python tests/parity/metrics_reference.py
"""
import json
import pathlib

import numpy as np
import sacrebleu
import sklearn.metrics as sk
from rouge_score import rouge_scorer

N = 90
i = np.arange(N)
# Scores are multiples of 0.01, so that histograms of 10,000 buckets are exact; all of a query differ.
score = ((i * 37) % 97 + 1) / 100
label = ((i * 53) % 11 < 3 + 5 * (score > 0.5)).astype(float)
weight = 1 + (i * 7) % 5 / 4
value = np.round(3 + 2 * np.sin(i), 6)
guess = np.round(value + np.cos(i * 1.7), 6)
raw = np.stack([(i * 13) % 29 + 1, (i * 17) % 31 + 1, (i * 19) % 23 + 1], axis=1) + [0, 0.1, 0.2]
scores = raw / raw.sum(axis=1, keepdims=True)
kind = np.where(i % 4 == 0, (i * 5) % 3, scores.argmax(axis=1))
one_hot = np.eye(3)[kind]
query = i // 9
gain = ((i * 11) % 4).astype(float)
TEXTS = [
    ("the cat sat on the mat.", "the cat was sitting on the mat."),
    ("It costs $3.50, or 1,000 yen - a bargain!", "It costs $3.50 or 1,000 yen; a bargain."),
    ("Mr. O'Neil didn't say \"yes\" (he said 9-to-5).", "Mr. O'Neil did not say \"yes\"; he said 9-5."),
    ("a b c d e f g", "a b c x e f g"),
    ("first sentence here.\nand a second one\nthen a third", "a second one\nfirst sentence, here.\nno third"),
    ("naïve café & <b>bold</b> &amp; done", "naive café &amp; <b>bold</b> done"),
    ("nothing in common", "wholly different words"),
]
reference = [a for a, _ in TEXTS]
answer = [b for _, b in TEXTS]

columns = {name: [float(x) for x in values] for name, values in
           dict(label=label, score=score, weight=weight, value=value, guess=guess, kind=kind, query=query, gain=gain).items()}
lists = {"scores": scores.tolist(), "one_hot": one_hot.tolist()}
cases = []


def case(metric, model, arguments, expected, query_key="", tolerance=1e-12):
    cases.append({"metric": metric, "model": model, "arguments": arguments, "query_key": query_key,
                  "expected": expected if isinstance(expected, list) else float(expected), "tolerance": tolerance})


for weighted in (False, True):
    w = weight if weighted else None
    more = ", example_weight_key: weight" if weighted else ""
    binary = "label_key: label, prediction_key: score" + more
    for threshold in (0.5, 0.3):
        up = (score > threshold).astype(float)
        at = f'"thresholds": {threshold}'
        case("BinaryAccuracy", binary, f'"threshold": {threshold}', sk.accuracy_score(label, up, sample_weight=w))
        case("BalancedAccuracy", binary, at, sk.balanced_accuracy_score(label, up, sample_weight=w))
        case("Precision", binary, at, sk.precision_score(label, up, sample_weight=w))
        case("Recall", binary, at, sk.recall_score(label, up, sample_weight=w))
        case("F1Score", binary, at, sk.f1_score(label, up, sample_weight=w))
        case("ThreatScore", binary, at, sk.jaccard_score(label, up, sample_weight=w))
        case("MatthewsCorrelationCoefficient", binary, at, sk.matthews_corrcoef(label, up, sample_weight=w))
        case("FBetaScore", binary, f'"beta": 2.0, "threshold": {threshold}', sk.fbeta_score(label, up, beta=2, sample_weight=w))
        tn, fp, fn, tp = sk.confusion_matrix(label, up, sample_weight=w).ravel()
        for name, x in (("TruePositives", tp), ("TrueNegatives", tn), ("FalsePositives", fp), ("FalseNegatives", fn)):
            case(name, binary, at, x)
        plus, minus = sk.class_likelihood_ratios(label, up, sample_weight=w)
        case("PositiveLikelihoodRatio", binary, at, plus)
        case("NegativeLikelihoodRatio", binary, at, minus)
    case("AUC", binary, "", sk.roc_auc_score(label, score, sample_weight=w))
    case("BinaryCrossEntropy", binary, "", sk.log_loss(label, score, sample_weight=w))
    case("MeanSquaredError", binary, "", sk.brier_score_loss(label, score, sample_weight=w))
    case("Hinge", binary, "", sk.hinge_loss(label, score, sample_weight=w))
    number = "label_key: value, prediction_key: guess" + more
    case("MeanSquaredError", number, "", sk.mean_squared_error(value, guess, sample_weight=w))
    case("RootMeanSquaredError", number, "", sk.root_mean_squared_error(value, guess, sample_weight=w))
    case("MeanAbsoluteError", number, "", sk.mean_absolute_error(value, guess, sample_weight=w))
    case("MeanAbsolutePercentageError", number, "", 100 * sk.mean_absolute_percentage_error(value, guess, sample_weight=w))
    case("MeanSquaredLogarithmicError", number, "", sk.mean_squared_log_error(value, guess, sample_weight=w))
    case("R2Score", number, "", sk.r2_score(value, guess, sample_weight=w))
    c = np.cov(value, guess, aweights=weight if weighted else np.ones(N))
    case("SquaredPearsonCorrelation", number, "", c[0, 1] ** 2 / (c[0, 0] * c[1, 1]))
    sparse, dense = "label_key: kind, prediction_key: scores" + more, "label_key: one_hot, prediction_key: scores" + more
    best = scores.argmax(axis=1)
    case("SparseCategoricalAccuracy", sparse, "", sk.accuracy_score(kind, best, sample_weight=w))
    case("CategoricalAccuracy", dense, "", sk.accuracy_score(kind, best, sample_weight=w))
    case("SparseTopKCategoricalAccuracy", sparse, '"k": 2', sk.top_k_accuracy_score(kind, scores, k=2, sample_weight=w))
    case("TopKCategoricalAccuracy", dense, '"k": 2', sk.top_k_accuracy_score(kind, scores, k=2, sample_weight=w))
    case("SparseCategoricalCrossentropy", sparse, "", sk.log_loss(kind, scores, sample_weight=w))
    case("CategoricalCrossentropy", dense, "", sk.log_loss(kind, scores, sample_weight=w))
    for average in ("micro", "macro", "weighted"):
        case("FBetaScore", dense, f'"beta": 0.5, "average": "{average}"',
             sk.fbeta_score(kind, best, beta=0.5, average=average, sample_weight=w))
    case("FBetaScore", dense, "", sk.f1_score(kind, best, average=None, sample_weight=w).tolist())
    iou = sk.jaccard_score(kind, best, average="macro", sample_weight=w)
    case("OneHotMeanIoU", dense, '"num_classes": 3', iou)
    case("OneHotIoU", dense, '"num_classes": 3, "target_class_ids": [2]',
         sk.jaccard_score(kind, best, average=None, sample_weight=w)[2])
for k in (3, 9):
    by_query = [sk.ndcg_score([gain[query == q]], [score[query == q]], k=k) for q in range(N // 9)]
    case("NDCG", "label_key: label, prediction_key: score", f'"gain_key": "gain", "top_k_list": [{k}]',
         float(np.mean(by_query)), query_key="query")
text = "label_key: reference, prediction_key: answer"
for arguments, options in (("", {}), ('"lowercase": true', dict(lowercase=True)), ('"tokenize": "none"', dict(tokenize="none")),
                           ('"smooth_method": "floor", "smooth_value": 0.1', dict(smooth_method="floor", smooth_value=0.1)),
                           ('"smooth_method": "add-k", "smooth_value": 1', dict(smooth_method="add-k", smooth_value=1)),
                           ('"use_effective_order": true', dict(effective_order=True))):
    case("Bleu", text, arguments, sacrebleu.BLEU(**options).corpus_score(answer, [reference]).score, tolerance=1e-9)
for kind_of in ("rouge1", "rouge2", "rougeL", "rougeLsum"):
    found = [rouge_scorer.RougeScorer([kind_of]).score(a, b)[kind_of] for a, b in TEXTS]
    case("Rouge", text, f'"rouge_type": "{kind_of}"', [float(np.mean([getattr(f, part) for f in found]))
                                                       for part in ("precision", "recall", "fmeasure")])

path = pathlib.Path(__file__).with_name("metrics_reference.json")
path.write_text(json.dumps({"columns": columns, "lists": lists, "texts": {"reference": reference, "answer": answer},
                            "cases": cases}, indent=0).replace(",\n", ", ").replace("[\n", "[").replace("\n]", "]") + "\n")
print(len(cases), "cases")
