"""The same heads in PyTorch on the processor, to compare with.

mil_pytorch.py step PATCHES DIMS HIDDEN STEPS   one gated attention head; prints the milliseconds of every step
mil_pytorch.py elephant                          reads {"csv", "folds", "hidden", "attention", "dropout", ...} from
                                                 standard input; prints the mean accuracy over the folds
"""

import csv
import json
import os
import sys
import time

import torch
from torch import nn

torch.set_num_threads(len(os.sched_getaffinity(0)))


class GatedAttention(nn.Module):
    def __init__(self, dims, hidden, attention, classes, dropout):
        super().__init__()
        self.embed = nn.Linear(dims, hidden)
        self.attention = nn.Linear(hidden, attention)
        self.gate = nn.Linear(hidden, attention)
        self.score = nn.Linear(attention, 1)
        self.out = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, *bags):
        """One row for each bag; what is computed for every patch alone is computed for all bags at once."""
        embedded = torch.relu(self.embed(torch.cat(bags) if len(bags) > 1 else bags[0]))
        scores = self.score(torch.tanh(self.attention(embedded)) * torch.sigmoid(self.gate(embedded)))
        sizes = [len(bag) for bag in bags]
        pooled = [
            torch.softmax(own, dim=0).t() @ patches
            for own, patches in zip(scores.split(sizes), embedded.split(sizes))
        ]
        return self.out(self.dropout(torch.cat(pooled)))


def step(patches, dims, hidden, steps):
    os.nice(5)  # as the threads that it is compared with, or a machine that is not idle would decide
    torch.manual_seed(0)
    bag = torch.sin(torch.arange(patches * dims) * 12.9898).mul(2).reshape(patches, dims)
    head = GatedAttention(dims, hidden, hidden // 2, 2, 0.0)
    adam = torch.optim.Adam(head.parameters(), lr=1e-4, weight_decay=5e-4)
    label = torch.tensor([1])
    milliseconds = []
    for _ in range(steps):
        began = time.perf_counter()
        adam.zero_grad()
        nn.functional.cross_entropy(head(bag), label).backward()
        adam.step()
        milliseconds.append((time.perf_counter() - began) * 1000)
    return {"milliseconds": milliseconds}


def elephant(setting):
    torch.set_num_threads(1)  # such small products are slower on several
    bags, labels = {}, {}
    with open(setting["csv"], newline="") as file:
        for label, bag, *features in csv.reader(file):
            bags.setdefault(bag, []).append([float(value) for value in features])
            labels[bag] = int(float(label) == 1)
    bags = {key: torch.tensor(rows) for key, rows in bags.items()}
    accuracies = []
    for fold, tested in enumerate(setting["folds"]):
        torch.manual_seed(fold)
        trained = [key for key in bags if key not in set(tested)]
        dims = next(iter(bags.values())).shape[1]
        head = GatedAttention(dims, setting["hidden"], setting["attention"], 2, setting["dropout"])
        adam = torch.optim.Adam(head.parameters(), lr=setting["learningRate"], weight_decay=setting["weightDecay"])
        counts = [sum(labels[key] == which for key in trained) for which in (0, 1)]
        weight = torch.tensor([len(trained) / (2 * count) for count in counts])
        steps = -(-len(trained) // setting["bagsPerStep"])
        for _ in range(setting["epochs"]):
            order = [trained[index] for index in torch.randperm(len(trained))]
            for first in range(steps):
                chosen = order[first::steps]
                adam.zero_grad()
                outputs = head(*(bags[key] for key in chosen))
                targets = torch.tensor([labels[key] for key in chosen])
                nn.functional.cross_entropy(outputs, targets, weight=weight).backward()
                adam.step()
        head.eval()
        with torch.no_grad():
            right = [int(head(bags[key]).argmax()) == labels[key] for key in tested]
        accuracies.append(sum(right) / len(right))
    return {"accuracy": sum(accuracies) / len(accuracies)}


if __name__ == "__main__":
    if sys.argv[1] == "step":
        print(json.dumps(step(*map(int, sys.argv[2:6]))))
    else:
        print(json.dumps(elephant(json.load(sys.stdin))))
