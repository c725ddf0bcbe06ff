"""The Python module: the figures of the programs, arrays of any layout, errors, gradients."""

import json
import os
import subprocess
import sys
import threading
import time
import unittest
import warnings

import numpy as np

import dgp

SOURCE = os.environ["DGP_SOURCE"]
DATA = SOURCE + "/examples/data"
GOLDEN = SOURCE + "/tests/data/golden"
DIGITS = DATA + "/digits_64-32-16-10.safetensors"


def inspected(*arguments):
    command = [os.environ["DGP_INSPECT"], *arguments, "--format", "json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def random_layers(seed=1, dtype="float64"):
    random = np.random.default_rng(seed)
    shapes = [(6, 9), (5, 6), (3, 5)]
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


class Tensor:
    """What a tensor of PyTorch offers to who does not import it."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, "torch.float32"

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array


class Figures(unittest.TestCase):
    def test_are_the_published_ones(self):
        with open(GOLDEN + "/golden.json") as file:
            published = json.load(file)
        compared = 0
        for name, network in [*published["models"].items(), *published["random"].items()]:
            file = network["weights_file"]
            path = f"{GOLDEN}/{file}"
            if not os.path.exists(path):
                path = f"{DATA}/{os.path.basename(file)}"
            singles = dgp.read_layers(path)
            for precision, dtype, tolerance in (("f32", "f4", 1e-6), ("f64", "f8", 1e-12)):
                layers = [weights.astype(dtype) for weights in singles.values()]
                expected = network[precision]
                if expected["dnp"]["dnp_prev"] == "nan":  # a constant layer
                    continue
                with self.subTest(name, precision=precision):
                    close = np.testing.assert_allclose
                    measured = dgp.neural_persistence(layers)
                    close(measured.mean_normalized, expected["neural_persistence_global"],
                          tolerance)
                    close([layer.normalized for layer in measured.layers],
                          expected["neural_persistence_layers"], tolerance)
                    close(dgp.weight_variance(layers).network, expected["variance"], tolerance,
                          1e-15)
                    for key, options in (("vanilla_dnp", {"normalization": "none"}),
                                         ("dnp_prev_norm", {"rescale": False}),
                                         ("dnp_exact_norm", {})):
                        close(dgp.deep_graph_persistence(layers, **options).normalized,
                              expected["dnp"][key], tolerance)
                        compared += 1
        self.assertGreater(compared, 80)

    def test_are_those_of_the_program(self):
        for name in ("digits_64-32-16-10", "mnist_784-100-100-10"):
            path = f"{DATA}/{name}.safetensors"
            layers = dgp.read_layers(path)
            report = inspected(path, "--deaths")
            np_measured = dgp.neural_persistence(layers)
            deep = dgp.deep_graph_persistence(layers)
            expected = report["deep_graph_persistence"]
            self.assertEqual(np_measured.mean_normalized,
                             report["neural_persistence"]["mean_normalized"])
            self.assertEqual(deep.normalized, expected["standardized_rescaled"]["normalized"])
            self.assertEqual(deep.total, expected["standardized_rescaled"]["total"])
            raw = dgp.deep_graph_persistence(layers, normalization="none")
            self.assertEqual(raw.normalized, expected["raw"]["normalized"])
            self.assertEqual(dgp.weight_variance(layers).network, report["weight_variance"])
            for layer, shown in zip(np_measured.layers, report["layers"]):
                self.assertEqual(layer.total, shown["total"])
                self.assertEqual(layer.deaths.dtype, np.float32)
                self.assertTrue((np.diff(layer.deaths) <= 0).all())

    def test_do_not_depend_on_the_layout(self):
        layers = random_layers()
        expected = dgp.deep_graph_persistence(layers).total
        for change in (np.asfortranarray, lambda a: a[::-1, ::-1][::-1, ::-1],
                       lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
                       lambda a: a.astype(">f8")):
            self.assertEqual(dgp.deep_graph_persistence([change(a) for a in layers]).total,
                             expected)
        singles = random_layers(dtype="float32")
        mixed = [singles[0], *random_layers()[1:]]
        self.assertEqual(dgp.neural_persistence(mixed).layers[1].deaths.dtype, np.float64)

    def test_of_a_mapping(self):
        layers = random_layers(dtype="float32")
        state = {}
        for k, layer in enumerate(layers):
            state[f"{k}.weight"] = Tensor(layer)
            state[f"{k}.bias"] = Tensor(np.zeros(len(layer), "float32"))
        self.assertEqual(dgp.neural_persistence(state).sum, dgp.neural_persistence(layers).sum)
        state["ids"] = np.zeros((2, 2), "int64")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dgp.neural_persistence(state)
        self.assertIn("ids", str(caught[0].message))
        kernel = np.arange(24, dtype="float32").reshape(2, 3, 2, 2)
        self.assertEqual(dgp.neural_persistence({"conv": kernel}).sum,
                         dgp.neural_persistence(kernel.reshape(2, 12)).sum)


# Run alone, as the most memory that a program has had never falls.
GROWTH = """
import resource, sys
import numpy as np
import dgp
shape, dtype, kind = eval(sys.argv[1]), sys.argv[2], sys.argv[3]
array = np.empty(shape, dtype)
for row in array:
    row[:] = np.random.default_rng(1).standard_normal(shape[1], "f4")
layer = {"C": array, "Fortran": array.T, "backwards": array[::-1]}[kind]
assert layer.flags.f_contiguous == (kind == "Fortran")
dgp.neural_persistence(layer[:10, :10])  # what is loaded once
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
dgp.neural_persistence(layer)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / array.nbytes)
"""


def growth(*arguments):
    command = [sys.executable, "-c", GROWTH, *arguments]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


class Memory(unittest.TestCase):
    def test_is_not_copied(self):
        for shape, dtype in (((8000, 12500), "float32"), ((5000, 10000), "float64")):  # 400 MB
            for kind in ("C", "Fortran"):
                self.assertLess(growth(str(shape), dtype, kind), 0.05, (dtype, kind))

    def test_would_be_seen_if_it_were_copied(self):
        self.assertGreater(growth("(2000, 5000)", "float32", "backwards"), 0.9)

    def test_is_shared_with_what_is_returned(self):
        strengths = dgp.path_strength_matrix(random_layers())
        self.assertFalse(strengths.flags.owndata)
        strengths[0, 0] = 7
        self.assertEqual(strengths[0, 0], 7)

    def test_of_a_graph_has_its_type(self):
        for dtype in ("int64", "complex64", "float16"):
            with self.assertRaisesRegex(ValueError, dtype):
                dgp.FeedForwardGraph(dtype)
        dgp.FeedForwardGraph("float64")

    def test_outlives_a_graph_that_looks_at_it(self):
        graph = dgp.FeedForwardGraph()
        neurons = graph.input(300)
        layer = np.random.default_rng(1).standard_normal((200, 300)).astype("float32")
        expected = dgp.neural_persistence(layer).sum
        holders = sys.getrefcount(layer)
        graph.output(graph.dense(neurons, layer))
        self.assertGreater(sys.getrefcount(layer), holders)
        del layer
        self.assertEqual(graph.neural_persistence().sum, expected)
        # Without a name, the array is the graph's alone.
        graph = dgp.FeedForwardGraph("float64")
        graph.output(graph.dense(graph.input(3), np.ones((2, 3)) * [1, 2, 3]))
        self.assertAlmostEqual(graph.neural_persistence().layers[0].deaths[0], 1)


class Threads(unittest.TestCase):
    def test_run_while_dgp_measures(self):
        large = np.random.default_rng(1).standard_normal((4000, 4000)).astype("float32")
        ticks, stop = [0], threading.Event()

        def tick():
            while not stop.is_set():
                ticks[0] += 1
                time.sleep(0.001)

        ticker = threading.Thread(target=tick)
        ticker.start()
        time.sleep(0.01)
        seen = 0
        for _ in range(20):
            before = ticks[0]
            dgp.deep_graph_persistence(large)
            seen = max(seen, ticks[0] - before)
        stop.set()
        ticker.join()
        self.assertGreater(seen, 5)

    def test_measure_at_once_what_one_measures(self):
        layers = [random_layers(seed) for seed in range(8)]
        expected = [dgp.deep_graph_persistence(each).total for each in layers]
        found = [None] * 8

        def measure(k):
            for _ in range(20):
                found[k] = dgp.deep_graph_persistence(layers[k]).total

        threads = [threading.Thread(target=measure, args=[k]) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, expected)


class Errors(unittest.TestCase):
    def test_are_those_of_python(self):
        for layers in ([np.zeros((0, 3))], [np.array([[np.nan]])], [np.ones((2, 2), int)], [],
                       {"a": np.ones(3)}, [np.ones(3)]):
            with self.assertRaises(ValueError):
                dgp.neural_persistence(layers)
        layers = random_layers()
        with self.assertRaisesRegex(ValueError, "chain"):
            dgp.deep_graph_persistence(layers[::-1])
        with self.assertRaises(ValueError):
            dgp.neural_persistence(layers, p=0.5)
        with self.assertRaisesRegex(ValueError, "essential"):
            dgp.neural_persistence(layers, essential="never")
        with self.assertRaisesRegex(ValueError, "normalization"):
            dgp.neural_persistence(layers, normalization="l2")
        with self.assertRaisesRegex(OSError, "none"):
            dgp.read_layers("/none")


class Gradients(unittest.TestCase):
    def test_are_differences(self):
        layers = random_layers(3)
        for measure, gradient in (
                (lambda w: dgp.neural_persistence(w).mean_normalized,
                 dgp.neural_persistence_gradient),
                (lambda w: dgp.deep_graph_persistence(w).normalized,
                 dgp.deep_graph_persistence_gradient)):
            found = gradient(layers)
            self.assertAlmostEqual(found.value, measure(layers), places=12)
            not_zero = 0
            for k, layer in enumerate(layers):
                for place in np.ndindex(*layer.shape):
                    step = 1e-6
                    moved = [[a.copy() for a in layers] for _ in range(2)]
                    moved[0][k][place] += step
                    moved[1][k][place] -= step
                    difference = (measure(moved[0]) - measure(moved[1])) / (2 * step)
                    self.assertAlmostEqual(found.layers[k][place], difference, places=6)
                    not_zero += difference != 0
            self.assertGreater(not_zero, 10)


class Others(unittest.TestCase):
    def test_paths_distances_significance(self):
        layers = dgp.read_layers(DIGITS)
        deep = dgp.deep_graph_persistence(layers)
        paths = dgp.persistent_paths(layers, count=5)
        self.assertEqual([p.death for p in paths], list(deep.deaths[:5]))
        self.assertEqual(len(paths[0].neurons), len(layers) + 1)
        first, second, _ = dgp.neural_persistence(layers).layers
        self.assertEqual(dgp.bottleneck_distance(first, first), 0)
        self.assertGreater(dgp.wasserstein_distance(first, second, 2), 0)
        excess = dgp.shuffle_significance(layers, rounds=100)
        self.assertEqual(excess[0].original, first.normalized)
        strengths = dgp.path_strength_matrix(layers)
        self.assertEqual(strengths.shape, (10, 64))
        entries, exits = dgp.entry_strengths(layers), dgp.exit_strengths(layers)
        self.assertEqual([len(group) for group in entries], [64, 32, 16, 10])
        np.testing.assert_array_equal(entries[-1], strengths.max(1))
        np.testing.assert_array_equal(exits[0], strengths.max(0))
        self.assertTrue(np.isinf(entries[0]).all() and np.isinf(exits[-1]).all())
        self.assertLess(abs(dgp.spatial_concentration(layers["layers.0.weight"])), 1)

    def test_graphs(self):
        layers = random_layers(dtype="float32")
        graph = dgp.FeedForwardGraph()
        neurons = graph.input(9)
        for layer in layers:
            neurons = graph.dense(neurons, layer)
        graph.output(neurons)
        self.assertEqual(graph.deep_graph_persistence().total,
                         dgp.deep_graph_persistence(layers).total)
        random = np.random.default_rng(2)
        kernel = random.standard_normal((4, 3, 3, 3)).astype("float32")
        graph = dgp.FeedForwardGraph()
        image = graph.input((3, 8, 8))
        first = graph.convolution(image, kernel, padding=1)
        second = graph.convolution(first, random.standard_normal((4, 4, 3, 3)), padding=1)
        pooled = graph.all_positions(graph.sum([first, second]))
        graph.output(graph.dense(pooled, random.standard_normal((5, 4))))
        self.assertEqual(len(graph.neural_persistence().layers), 3)
        self.assertGreater(graph.deep_graph_persistence().normalized, 0)
        with self.assertRaises(ValueError):
            graph.dense(pooled, np.ones((2, 3)))

    def test_sparse_graphs(self):
        random = np.random.default_rng(3)
        graphs = []
        dense = [random.standard_normal(shape) * (random.random(shape) < 0.4)
                 for shape in ((12, 9), (7, 12))]
        for k in range(2):
            graph = dgp.FeedForwardGraph("float64")
            neurons = graph.input(9)
            for weights in dense:
                if k == 0:
                    neurons = graph.dense(neurons, weights)
                else:
                    rows, cols = np.nonzero(weights)
                    order = random.permutation(len(rows))
                    rows, cols = rows[order].astype("int32"), cols[order]
                    neurons = graph.sparse(neurons, rows, cols, weights[rows, cols], weights.shape)
            graph.output(neurons)
            graphs.append(graph)
        for options in ({}, {"p": 1.0, "essential": "omitted"}):
            first, second = [g.neural_persistence(**options) for g in graphs]
            self.assertEqual([layer.total for layer in first.layers],
                             [layer.total for layer in second.layers])
        totals = [g.deep_graph_persistence(normalization="max_abs").total for g in graphs]
        self.assertEqual(*totals)
        self.assertGreater(totals[0], 0)
        graph = dgp.FeedForwardGraph()
        neurons = graph.input(3)
        twice = graph.sparse(neurons, [0, 0, 1], [1, 1, 2], [1.0, 2.0, 1.5], (2, 3))
        graph.output(twice)
        np.testing.assert_array_equal(graph.neural_persistence().layers[0].deaths[:2], [1, 0.5])
        for rows, cols, values, shape in (([2], [0], [1.0], (2, 3)), ([0], [-1], [1.0], (2, 3)),
                                          ([0, 1], [0], [1.0], (2, 3)), ([0], [0], [1], (2, 3)),
                                          ([0], [0], [1.0], (2, 4)), ([], [], [], (2, 3)),
                                          ([], [], [], (-1, 3)), ([[0]], [[0]], [[1.0]], (2, 3)),
                                          ([0.5], [0], [1.0], (2, 3))):
            with self.assertRaises(ValueError, msg=(rows, cols, values, shape)):
                graph.sparse(neurons, rows, cols, values, shape)

    def test_early_stopping(self):
        rule = dgp.EarlyStopping(burn_in=2, patience=3, delta=0.01)
        values = [0.9, 0.1, 0.2, 0.3, 0.305, 0.306, 0.307, 0.4]
        verdicts = [rule.check(value) for value in values]
        self.assertEqual([v.stop for v in verdicts], [False] * 6 + [True, False])
        self.assertEqual((verdicts[6].best_check, verdicts[6].best), (3, 0.3))
        self.assertIn("patience 3", verdicts[6].reason)
        for options in ({"patience": 0}, {"delta": -1.0}):
            with self.assertRaises(ValueError):
                dgp.EarlyStopping(**options)
        with self.assertRaises(ValueError):
            rule.check(float("nan"))

    def test_features(self):
        layers, biases = dgp.read_perceptron(DIGITS)
        self.assertEqual([b.shape for b in biases], [(32,), (16,), (10,)])
        for layer, read in zip(layers, dgp.read_layers(DIGITS).values()):
            np.testing.assert_array_equal(layer, read)
        samples = np.fromfile(DATA + "/digits-images-idx3-ubyte", "u1")[16:].reshape(-1, 64)[:20]
        samples = (samples / 16).astype("float32")
        outputs = samples
        for k, (layer, bias) in enumerate(zip(layers, biases)):
            outputs = outputs @ layer.T + bias
            if k < 2:
                outputs = np.maximum(outputs, 0)
        graphs = dgp.ActivationGraphs(layers, biases)
        np.testing.assert_allclose(graphs.features(samples, "logit"), outputs, 1e-4, 1e-4)
        tensors = dgp.ActivationGraphs(map(Tensor, layers), map(Tensor, biases))
        self.assertEqual(len(dgp.feature_methods), 12)
        for method in dgp.feature_methods:
            features = graphs.features(samples, method)
            self.assertEqual(len(features), 20)
            np.testing.assert_array_equal(tensors.features(samples, method), features)
        # The persistence of the activation graph itself.
        graph = [layers[0] * samples[0]]
        hidden = np.maximum(layers[0] @ samples[0] + biases[0], 0)
        graph.append(layers[1] * hidden)
        graph.append(layers[2] * np.maximum(layers[1] @ hidden + biases[1], 0))
        deaths = dgp.deep_graph_persistence([abs(g) for g in graph], normalization="none",
                                            rescale=False).deaths
        np.testing.assert_allclose(graphs.features(samples[:1], "dgp")[0], deaths, 1e-5, 1e-6)
        for wrong in (lambda: graphs.features(samples, "none"),
                      lambda: graphs.features(samples[:, 1:]),
                      lambda: dgp.ActivationGraphs([np.ones(3)]),
                      lambda: dgp.ActivationGraphs(layers, biases[1:]),
                      lambda: dgp.ActivationGraphs(layers, activation="gelu")):
            self.assertRaises(ValueError, wrong)

    def test_monitor(self):
        random = np.random.default_rng(1)
        graphs = dgp.ActivationGraphs(dgp.read_layers(DIGITS).values())
        clean = random.random((400, 64)).astype("float32")
        self.assertEqual(graphs.features(clean[:3]).shape, (3, 73))
        monitor = dgp.ShiftMonitor(graphs, "softmax")
        monitor.fit(clean, [i % 2 for i in range(400)])
        self.assertFalse(monitor.check(random.random((50, 64)).astype("float32")).shifted)
        self.assertGreater(monitor.smallest_batch(), 0)
        self.assertTrue(monitor.check(3 * random.random((50, 64)).astype("float32")).shifted)


if __name__ == "__main__":
    unittest.main()
