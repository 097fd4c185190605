# ROC-AUC of PCA's residual and of an isolation forest: fitted on the usual rows of one file, tested on another.
#   anomaly_peer.py TRAIN TEST VALUE-OF-TARGET-THAT-IS-UNUSUAL
import csv
import json
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler



def read(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([row[:-1] for row in rows], dtype=float), np.array([row[-1] for row in rows])


(train, marks), (test, test_marks) = (read(path) for path in sys.argv[1:3])
unusual = sys.argv[3]
usual = train[marks != unusual]
scaler = StandardScaler().fit(usual)
x, y = scaler.transform(usual), scaler.transform(test)
truth = test_marks == unusual
best = 0.0
# The share of variance that suits PCA best on the test rows themselves: a bound on what PCA can do.
for share in (0.5, 0.7, 0.8, 0.9, 0.95, 0.99):
    pca = PCA(n_components=share, svd_solver="full").fit(x)
    error = np.square(y - pca.inverse_transform(pca.transform(y))).sum(axis=1)
    best = max(best, roc_auc_score(truth, error))
forest = IsolationForest(n_estimators=300, random_state=0).fit(x)
print(json.dumps({"pca": best, "isolationForest": roc_auc_score(truth, -forest.score_samples(y))}))
