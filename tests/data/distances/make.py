#!/usr/bin/env python3
"""Writes gudhi.json: distances between diagrams of classes born at 1, by GUDHI.

Debian 12: apt-get install python3-gudhi python3-pot; /usr/bin/python3 make.py (GUDHI 3.7.1, POT
0.8.2). GUDHI has deaths after births: a pair (1, d) is given to it as (d, 1), and (1, d) with d > 1
as it is; never both in one case, as GUDHI has points on one side of the diagonal only.
Bottleneck distances are exact (e = 0), Wasserstein distances by optimal transport, with the maximum
norm as ground metric.
"""
import json
import pathlib
import random

import gudhi
import numpy as np
from gudhi.wasserstein import wasserstein_distance

random.seed(16)


def deaths(kind, count):
    draw = {
        "uniform": lambda: random.random(),
        "ties": lambda: 0.125 * random.randrange(9),
        "normal": lambda: min(1.0, abs(0.3 + 0.2 * random.gauss(0, 1))),
        "above": lambda: 1 + 0.25 * random.randrange(8),
    }[kind]
    return [draw() for _ in range(count)]


def points(values):
    return np.array([sorted((1.0, d)) for d in values]).reshape(-1, 2)


cases = []
for number in range(120):
    kind = ["uniform", "ties", "normal", "above"][number % 4]
    most = 60 if number % 10 == 0 else 9
    a = deaths(kind, random.randrange(most))
    b = deaths(kind, random.randrange(most))
    if number % 3 == 2:  # nearly the same
        b = [d + (0 if kind in ("ties", "above") else 1e-3 * random.random() * (1 - d)) for d in a]
        b = b[: len(b) - number % 2]
    x, y = points(a), points(b)
    cases.append({
        "a": a,
        "b": b,
        "bottleneck": gudhi.bottleneck_distance(x, y, 0),
        "wasserstein": {
            str(p): float(wasserstein_distance(x, y, order=p, internal_p=np.inf)) for p in (1, 2, 3)
        },
    })
path = pathlib.Path(__file__).with_name("gudhi.json")
comment = f"Written by make.py with GUDHI {gudhi.__version__}."
lines = ",\n".join(json.dumps(case) for case in cases)
path.write_text(f'{{"comment": {json.dumps(comment)}, "cases": [\n{lines}\n]}}\n')
