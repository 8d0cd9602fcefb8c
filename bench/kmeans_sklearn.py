"""scikit-learn's MiniBatchKMeans on the rows that bench/kmeansRows.ts wrote: python kmeans_sklearn.py FILE ROWS DIMS CLUSTERS SEED. Prints JSON."""

import json
import sys
import time

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_limits

file, rows, dims, clusters, seed = sys.argv[1], *map(int, sys.argv[2:6])
# 32-bit floats are what it computes fastest in; half precision it would widen to 64 bits.
values = np.fromfile(file, dtype="<f2").reshape(rows, dims).astype(np.float32)
# Once on a few rows, so that starting its threads is not counted.
MiniBatchKMeans(n_clusters=clusters, n_init=1, random_state=0).fit(values[:4096]).predict(values[:4096])


def measure(threads):
    with threadpool_limits(threads):
        began, cpu_began = time.perf_counter(), time.process_time()
        model = MiniBatchKMeans(n_clusters=clusters, batch_size=1024, n_init=1, random_state=seed).fit(values)
        fitted, cpu_fitted = time.perf_counter(), time.process_time()
        model.predict(values)
        predicted = time.perf_counter()
    return {"fit_ms": (fitted - began) * 1e3, "predict_ms": (predicted - fitted) * 1e3, "fit_cpu_ms": (cpu_fitted - cpu_began) * 1e3, "inertia": float(model.inertia_)}


# Its many small steps wait for one another's threads: where anything else runs, one thread is faster. The better counts.
print(json.dumps(min(measure(None), measure(1), key=lambda each: each["fit_ms"])))
