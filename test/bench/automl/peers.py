# scikit-learn and XGBoost with usual settings on the rows that peers.ts wrote: prints each one's score on the test part as JSON.
import csv
import json
import sys

import numpy as np
from sklearn.ensemble import (ExtraTreesClassifier, ExtraTreesRegressor, HistGradientBoostingClassifier,
                              HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from xgboost import XGBClassifier, XGBRegressor

job = json.loads(sys.argv[1])
target = job["target"]


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row[target] != ""]


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


train, test = read(job["train"]), read(job["test"])
columns = [c for c in train[0] if c != target and c not in job["ignore"]]
y, v = ([row[target] for row in part] for part in (train, test))
scores = {}
if columns == ["text"]:
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC())
    scores["tfidf-svm"] = accuracy_score(v, model.fit([r["text"] for r in train], y).predict([r["text"] for r in test]))
else:
    def matrix(part, values):
        out = np.full((len(part), len(columns)), np.nan)
        for j, c in enumerate(columns):
            for i, row in enumerate(part):
                if row[c] == "":
                    continue
                out[i, j] = values[c].get(row[c], -1) if c in values else float(row[c])
        return out

    words = [c for c in columns if any(r[c] != "" and number(r[c]) is None for r in train)]
    values = {c: {w: i for i, w in enumerate(sorted({r[c] for r in train if r[c] != ""}))} for c in words}
    fill = SimpleImputer(strategy="median")
    a, b = fill.fit_transform(matrix(train, values)), fill.transform(matrix(test, values))
    scaler = StandardScaler().fit(a)
    if job["task"] == "classes":
        names = {n: i for i, n in enumerate(sorted(set(y) | set(v)))}
        y, v = ([names[n] for n in part] for part in (y, v))
        models = {
            "logistic": (LogisticRegression(max_iter=2000), True), "svm": (SVC(), True),
            "knn": (KNeighborsClassifier(), True), "extra-trees": (ExtraTreesClassifier(300, random_state=0), False),
            "forest": (RandomForestClassifier(300, random_state=0), False),
            "hist-boosting": (HistGradientBoostingClassifier(random_state=0), False),
            "xgboost": (XGBClassifier(tree_method="hist", n_estimators=200, learning_rate=0.1), False),
        }
        score = accuracy_score
    else:
        y, v = ([float(n) for n in part] for part in (y, v))
        models = {
            "ridge": (Ridge(), True), "svr": (SVR(), True),
            "extra-trees": (ExtraTreesRegressor(300, random_state=0), False),
            "forest": (RandomForestRegressor(300, random_state=0), False),
            "hist-boosting": (HistGradientBoostingRegressor(random_state=0), False),
            "xgboost": (XGBRegressor(tree_method="hist", n_estimators=200, learning_rate=0.1), False),
        }
        score = r2_score
    for name, (model, scaled) in models.items():
        own, other = (scaler.transform(a), scaler.transform(b)) if scaled else (a, b)
        scores[name] = score(v, model.fit(own, y).predict(other))
print(json.dumps(scores))
