"""Trains a small perceptron on the shipped digits by loss - strength * deep graph persistence.

    train_with_persistence.py [STRENGTH [EPOCHS [SEED]]]

Needs PyTorch. In your own training, Persistence is all you need.
"""

import pathlib
import sys

import numpy
import torch

import dgp


class Persistence(torch.autograd.Function):
    """gradient_of: dgp.deep_graph_persistence_gradient, say; weights: (fan_out x fan_in) each."""

    @staticmethod
    def forward(context, gradient_of, *weights):
        measured = gradient_of(weights)
        context.gradients = [torch.from_numpy(g).to(w) for g, w in zip(measured.layers, weights)]
        return weights[0].new_tensor(measured.value)

    @staticmethod
    def backward(context, factor):
        return None, *(factor * gradient for gradient in context.gradients)


def digits():
    data = pathlib.Path(__file__).parents[1] / "data"
    images = numpy.fromfile(data / "digits-images-idx3-ubyte", "u1")[16:].reshape(-1, 64)
    labels = numpy.fromfile(data / "digits-labels-idx1-ubyte", "u1")[8:]
    return torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels, dtype=torch.long)


def main(strength=1.0, epochs=20, seed=1):
    torch.manual_seed(seed)
    images, labels = digits()
    train, test = torch.randperm(len(images)).split([1400, len(images) - 1400])
    model = torch.nn.Sequential(
        torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 16), torch.nn.ReLU(),
        torch.nn.Linear(16, 10))
    weights = [layer.weight for layer in model if isinstance(layer, torch.nn.Linear)]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for epoch in range(epochs + 1):
        right = (model(images[test]).argmax(1) == labels[test]).float().mean().item()
        np, deep = dgp.neural_persistence(weights), dgp.deep_graph_persistence(weights)
        print(f"epoch {epoch:2}  accuracy {right:.3f}  NP {np.mean_normalized:.4f}  "
              f"DGP {deep.normalized:.4f}")
        for batch in train[torch.randperm(len(train))].split(32) if epoch < epochs else ():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
            persistence = Persistence.apply(dgp.deep_graph_persistence_gradient, *weights)
            (loss - strength * persistence).backward()
            optimizer.step()


if __name__ == "__main__":
    main(*(kind(word) for kind, word in zip((float, int, int), sys.argv[1:])))
