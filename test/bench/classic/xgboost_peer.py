# XGBoost (hist) on a matrix that boosting.ts wrote: prints seconds to fit and accuracy on the test rows as JSON.
import json
import sys
import time

import numpy as np
import xgboost as xgb

job = json.loads(sys.argv[1])
x = np.fromfile(job["path"] + ".x", dtype=np.float32).reshape(-1, job["width"])
y = np.fromfile(job["path"] + ".y", dtype=np.int32)
train = np.fromfile(job["path"] + ".train", dtype=np.uint32)
test = np.fromfile(job["path"] + ".test", dtype=np.uint32)
began = time.time()
model = xgb.XGBClassifier(
    tree_method="hist",
    n_estimators=job["rounds"],
    learning_rate=job["rate"],
    max_depth=job["depth"],
    max_bin=job["bins"],
    reg_lambda=job["lambda"],
    min_child_weight=job["weight"],
    n_jobs=job["threads"],
)
model.fit(x[train], y[train])
seconds = time.time() - began
print(json.dumps({"seconds": seconds, "accuracy": float((model.predict(x[test]) == y[test]).mean())}))
