"""Writes enrichment.json: what SciPy says of fixed tables of patients. Run: python enrichment.py > enrichment.json

Fisher's test and its conditional odds ratio follow R's fisher.test, the sample odds ratio has Woolf's limits, the
chi-square test is without Yates' correction, and q-values are Benjamini and Hochberg's.
"""
import json
import numpy as np
import scipy
from scipy.stats import chi2_contingency, false_discovery_control, fisher_exact
from scipy.stats.contingency import odds_ratio

TABLES = [
    [[3, 1], [1, 3]], [[8, 2], [1, 5]], [[12, 5], [9, 22]], [[0, 7], [6, 9]], [[7, 0], [3, 11]], [[1, 40], [30, 29]],
    [[5, 0], [0, 5]], [[120, 80], [95, 105]], [[2, 998], [13, 987]], [[450, 1200], [700, 1650]],
]
LARGE = [[[3000, 2500], [2600, 2900]], [[40, 9000], [95, 8900]], [[6000, 6100], [6050, 6020]]]


def number(value):
    return float(value) if np.isfinite(value) else None


def row(table, pvalue, ratio):
    limits = ratio.confidence_interval(0.95)
    return {"table": table, "pValue": float(pvalue), "oddsRatio": number(ratio.statistic),
            "lower": number(limits.low), "upper": number(limits.high)}


def exact(table):
    return row(table, fisher_exact(table).pvalue, odds_ratio(table, kind="conditional"))


def large(table):
    return row(table, chi2_contingency(table, correction=False).pvalue, odds_ratio(table, kind="sample"))


def cohort():
    """90 patients in three patterns whose shares differ, some without any of the phenotype."""
    random = np.random.default_rng(5)
    names = ["A", "B", "D"]
    codes = random.integers(0, 3, 90)
    shares = np.round(random.beta(1 + codes, 4), 6) * (random.random(90) > 0.15)
    rich = shares > np.median(shares)
    rows = []
    for code, name in enumerate(names):
        own = codes == code
        table = [[int((own & rich).sum()), int((own & ~rich).sum())], [int((~own & rich).sum()), int((~own & ~rich).sum())]]
        rows.append({"category": name, "patients": int(own.sum()), "share": float(shares[own].mean()), **exact(table)})
    for entry, q in zip(rows, false_discovery_control([entry["pValue"] for entry in rows])):
        entry["qValue"] = float(q)
    return {"names": names, "codes": codes.tolist(), "shares": shares.tolist(), "rows": rows}


print(json.dumps({
    "source": f"SciPy {scipy.__version__}: fisher_exact, contingency.odds_ratio, chi2_contingency(correction=False), "
              "false_discovery_control; written by enrichment.py",
    "exact": [exact(table) for table in TABLES],
    "large": [large(table) for table in LARGE],
    "cohort": cohort(),
}, indent=2))
