"""The shipped example of a training by PyTorch, where that is."""

import importlib.util
import os
import re
import subprocess
import sys
import unittest

SCRIPT = os.environ["DGP_SOURCE"] + "/examples/python/train_with_persistence.py"


def trained(strength, seed):
    """Accuracy, NP and DGP before the training and after it."""
    ran = subprocess.run([sys.executable, SCRIPT, str(strength), "6", str(seed)], check=True,
                         capture_output=True, text=True)
    lines = ran.stdout.splitlines()
    numbers = [[float(n) for n in re.findall(r"\d\.\d+", line)] for line in (lines[0], lines[-1])]
    return numbers


@unittest.skipUnless(importlib.util.find_spec("torch"), "no PyTorch")
class Training(unittest.TestCase):
    def test_moves_persistence_as_it_is_pushed(self):
        for seed in (1, 2):
            lower, plain, higher = [trained(strength, seed) for strength in (-1, 0, 1)]
            self.assertEqual(lower[0], plain[0])
            self.assertEqual(higher[0], plain[0])
            self.assertLess(lower[1][2], plain[1][2] - 0.02)
            self.assertGreater(higher[1][2], plain[1][2] + 0.1)
            for _, after in (lower, plain, higher):
                self.assertGreater(after[0], 0.85)  # it learns all the same

    def test_gradients_are_those_of_pytorch(self):
        import torch

        sys.path.insert(0, os.path.dirname(SCRIPT))
        from train_with_persistence import Persistence, dgp

        torch.manual_seed(1)
        weights = [torch.randn(shape, dtype=torch.float64, requires_grad=True)
                   for shape in ((6, 9), (4, 6), (3, 4))]
        for gradient_of in (dgp.neural_persistence_gradient, dgp.deep_graph_persistence_gradient):
            self.assertTrue(torch.autograd.gradcheck(
                lambda *w: Persistence.apply(gradient_of, *w), weights, atol=1e-6))

    def test_a_model_is_measured_as_it_is(self):
        import torch
        import dgp

        torch.manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(9, 6), torch.nn.ReLU(), torch.nn.Linear(6, 4))
        weights = [model[0].weight, model[2].weight]
        arrays = [weight.detach().numpy() for weight in weights]
        expected = dgp.deep_graph_persistence(arrays).total
        self.assertEqual(dgp.deep_graph_persistence(model.state_dict()).total, expected)
        self.assertEqual(dgp.deep_graph_persistence(weights).total, expected)
        half = dgp.neural_persistence([weight.to(torch.bfloat16) for weight in weights])
        self.assertAlmostEqual(half.sum, dgp.neural_persistence(arrays).sum, delta=0.05)
        graphs = dgp.ActivationGraphs(weights, [model[0].bias, model[2].bias])
        samples = torch.rand(5, 9)
        features = torch.from_numpy(graphs.features(samples, "logit"))
        self.assertTrue(torch.allclose(features, model(samples), atol=1e-5))


if __name__ == "__main__":
    unittest.main()
