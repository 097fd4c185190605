# scikit-learn's HistGradientBoosting on the rows of a forecast: reads them as float64 from a file, writes its answers of the test rows.
#   forecast.py DIRECTORY TRAIN_ROWS TEST_ROWS WIDTH
import sys
import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

folder, train, test, width = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rows = np.fromfile(f"{folder}/rows.bin").reshape(train + test, width)
targets = np.fromfile(f"{folder}/targets.bin")
began = time.time()
model = HistGradientBoostingRegressor(random_state=0).fit(rows[:train], targets)
model.predict(rows[train:]).astype("float64").tofile(f"{folder}/answers.bin")
print(time.time() - began)
