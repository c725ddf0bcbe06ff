"""The Python module: the figures of the programs, arrays of any layout, errors, gradients."""

import json
import os
import subprocess
import threading
import time
import unittest
import warnings

import numpy as np

import dgp

DATA = os.environ["DGP_EXAMPLE_DATA"]
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

    def test_no_memory_is_copied(self):
        large = np.random.default_rng(1).standard_normal((3000, 3000)).astype("float32")
        with open("/proc/self/statm") as before:
            pages = int(before.read().split()[0])
        stop, most = threading.Event(), [0]

        def watch():
            while not stop.is_set():
                with open("/proc/self/statm") as now:
                    most[0] = max(most[0], int(now.read().split()[1]))
                time.sleep(0.001)

        with open("/proc/self/statm") as before:
            resident = int(before.read().split()[1])
        watcher = threading.Thread(target=watch)
        watcher.start()
        for _ in range(20):
            dgp.neural_persistence(large.T)
        stop.set()
        watcher.join()
        self.assertGreater(most[0], 0)  # it ran meanwhile: the lock was free
        self.assertLess((most[0] - resident) * 4096, large.nbytes / 2)
        self.assertGreater(pages, 0)


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
        self.assertEqual(dgp.path_strength_matrix(layers).shape, (10, 64))
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

    def test_monitor(self):
        random = np.random.default_rng(1)
        layers = [layer for layer in dgp.read_layers(DIGITS).values()]
        graphs = dgp.ActivationGraphs(layers)
        clean = random.random((400, 64)).astype("float32")
        self.assertEqual(graphs.features(clean[:3]).shape, (3, 73))
        monitor = dgp.ShiftMonitor(graphs, "softmax")
        monitor.fit(clean, [i % 2 for i in range(400)])
        self.assertFalse(monitor.check(random.random((50, 64)).astype("float32")).shifted)
        self.assertTrue(monitor.check(3 * random.random((50, 64)).astype("float32")).shifted)


if __name__ == "__main__":
    unittest.main()
