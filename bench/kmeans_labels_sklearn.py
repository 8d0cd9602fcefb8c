"""scikit-learn's MiniBatchKMeans on unit vectors: python kmeans_labels_sklearn.py VECTORS OURS ROWS DIMS CLUSTERS SEED. VECTORS are float32, OURS are our int32 labels. Prints JSON: its labels, and the inertia of both groupings by one definition."""

import json
import sys

import numpy as np
from sklearn.cluster import MiniBatchKMeans

vectors, ours, rows, dims, clusters, seed = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
values = np.fromfile(vectors, dtype="<f4").reshape(rows, dims)
labels = MiniBatchKMeans(n_clusters=clusters, batch_size=1024, n_init=1, random_state=seed).fit(values).labels_


def inertia(grouping):
    """Sum of squared distances to the mean of the own group."""
    return float(sum(((own - own.mean(axis=0)) ** 2).sum() for own in (values[grouping == k] for k in np.unique(grouping))))


print(json.dumps({"labels": labels.tolist(), "inertia": inertia(labels), "our_inertia": inertia(np.fromfile(ours, dtype="<i4"))}))
