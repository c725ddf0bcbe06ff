"""Neural persistence and deep graph persistence of neural networks.

What each function does, help(dgp) tells; here are its types only.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str
feature_methods: tuple[str, ...]

# One float or double array, or a tensor of PyTorch (fan_out x fan_in).
_Matrix = Any
_Layers = Union[_Matrix, Sequence[_Matrix], Mapping[str, Any]]
_Essential = Literal["dies_at_zero", "omitted"]
_Normalization = Literal["none", "max_abs", "standardized"]
# A number, or one for each direction.
_Sides = Union[int, tuple[int, int]]
_Path = Union[str, os.PathLike[str]]

class Persistence:
    @property
    def total(self) -> float: ...
    @property
    def normalized(self) -> float: ...
    @property
    def deaths(self) -> NDArray[Any]: ...

class NeuralPersistence:
    @property
    def layers(self) -> list[Persistence]: ...
    @property
    def mean_normalized(self) -> float: ...
    @property
    def sum(self) -> float: ...

class WeightVariance:
    @property
    def network(self) -> float: ...
    @property
    def layers(self) -> list[float]: ...

class WeightPlace:
    @property
    def layer(self) -> int: ...
    @property
    def row(self) -> int: ...
    @property
    def col(self) -> int: ...

class PersistentPath:
    @property
    def death(self) -> float: ...
    @property
    def critical_edge(self) -> WeightPlace: ...
    @property
    def neurons(self) -> list[int]: ...

class PersistenceGradient:
    @property
    def value(self) -> float: ...
    @property
    def layers(self) -> list[NDArray[Any]]: ...

class ShuffleSignificance:
    @property
    def original(self) -> float: ...
    @property
    def mean(self) -> float: ...
    @property
    def standard_deviation(self) -> float: ...
    @property
    def z_score(self) -> float: ...
    @property
    def p_value(self) -> float: ...
    @property
    def rounds(self) -> int: ...

def neural_persistence(
    layers: _Layers,
    *,
    p: float = 2.0,
    essential: _Essential = "dies_at_zero",
    normalization: _Normalization = "max_abs",
) -> NeuralPersistence: ...
def deep_graph_persistence(
    layers: _Layers,
    *,
    p: float = 2.0,
    essential: _Essential = "dies_at_zero",
    normalization: _Normalization = "standardized",
    rescale: bool = True,
) -> Persistence: ...
def weight_variance(layers: _Layers) -> WeightVariance: ...
def path_strength_matrix(
    layers: _Layers, *, normalization: _Normalization = "none"
) -> NDArray[Any]: ...
def entry_strengths(
    layers: _Layers, *, normalization: _Normalization = "none"
) -> list[NDArray[Any]]: ...
def exit_strengths(
    layers: _Layers, *, normalization: _Normalization = "none"
) -> list[NDArray[Any]]: ...
def persistent_paths(
    layers: _Layers,
    *,
    count: int = 10,
    normalization: _Normalization = "standardized",
    rescale: bool = True,
) -> list[PersistentPath]: ...
def neural_persistence_gradient(
    layers: _Layers,
    *,
    p: float = 2.0,
    essential: _Essential = "dies_at_zero",
    normalization: _Normalization = "max_abs",
) -> PersistenceGradient: ...
def deep_graph_persistence_gradient(
    layers: _Layers,
    *,
    p: float = 2.0,
    essential: _Essential = "dies_at_zero",
    normalization: _Normalization = "standardized",
    rescale: bool = True,
) -> PersistenceGradient: ...
def shuffle_significance(
    layers: _Layers, *, rounds: int = 1000, seed: int = 1
) -> list[ShuffleSignificance]: ...
def spatial_concentration(matrix: _Matrix) -> float: ...
def bottleneck_distance(first: Persistence, second: Persistence) -> float: ...
def wasserstein_distance(
    first: Persistence, second: Persistence, p: float = 1.0
) -> float: ...

class Neurons: ...

class FeedForwardGraph:
    def __init__(self, dtype: Any = "float32") -> None: ...
    def input(
        self, shape: Union[int, tuple[int, int], tuple[int, int, int]], name: str = ""
    ) -> Neurons: ...
    def dense(self, from_: Neurons, weights: _Matrix, name: str = "") -> Neurons: ...
    def sparse(
        self,
        from_: Neurons,
        rows: ArrayLike,
        cols: ArrayLike,
        values: ArrayLike,
        shape: tuple[int, int],
        name: str = "",
    ) -> Neurons: ...
    def convolution(
        self,
        from_: Neurons,
        kernel: Any,
        *,
        stride: _Sides = 1,
        padding: _Sides = 0,
        dilation: _Sides = 1,
        groups: int = 1,
        name: str = "",
    ) -> Neurons: ...
    def pooling(
        self,
        from_: Neurons,
        size: _Sides,
        *,
        stride: Union[_Sides, None] = None,
        padding: _Sides = 0,
    ) -> Neurons: ...
    def all_positions(self, from_: Neurons) -> Neurons: ...
    def sum(self, parts: Sequence[Neurons]) -> Neurons: ...
    def concatenation(self, parts: Sequence[Neurons]) -> Neurons: ...
    def flattened(self, from_: Neurons) -> Neurons: ...
    def output(self, from_: Neurons) -> None: ...
    @property
    def neurons(self) -> int: ...
    def neural_persistence(
        self,
        *,
        p: float = 2.0,
        essential: _Essential = "dies_at_zero",
        normalization: _Normalization = "max_abs",
    ) -> NeuralPersistence: ...
    def deep_graph_persistence(
        self,
        *,
        p: float = 2.0,
        essential: _Essential = "dies_at_zero",
        normalization: _Normalization = "standardized",
        rescale: bool = True,
    ) -> Persistence: ...
    def weight_variance(self) -> WeightVariance: ...

class EarlyStoppingVerdict:
    @property
    def stop(self) -> bool: ...
    @property
    def best_check(self) -> int: ...
    @property
    def best(self) -> float: ...
    @property
    def reason(self) -> str: ...

class EarlyStopping:
    def __init__(
        self, *, burn_in: int = 10, patience: int = 4, delta: float = 0.0
    ) -> None: ...
    def check(self, value: float) -> EarlyStoppingVerdict: ...

class ActivationGraphs:
    def __init__(
        self,
        layers: Iterable[_Matrix],
        biases: Union[Iterable[Any], None] = None,
        activation: Literal["relu", "tanh", "sigmoid"] = "relu",
    ) -> None: ...
    def features(
        self, samples: ArrayLike, method: str = "dgp_var"
    ) -> NDArray[np.float32]: ...

class ShiftVerdict:
    @property
    def shifted(self) -> bool: ...
    @property
    def smallest_p_value(self) -> float: ...
    @property
    def level(self) -> float: ...
    @property
    def p_values(self) -> list[float]: ...
    @property
    def moved(self) -> list[int]: ...
    @property
    def has_power(self) -> bool: ...

class ShiftMonitor:
    def __init__(
        self, graphs: ActivationGraphs, method: str = "dgp_var", alpha: float = 0.05
    ) -> None: ...
    def fit(self, samples: ArrayLike, labels: ArrayLike) -> None: ...
    def check(self, batch: ArrayLike) -> ShiftVerdict: ...
    def smallest_batch(self) -> int: ...

def read_layers(path: _Path) -> dict[str, NDArray[Any]]: ...
def read_perceptron(
    path: _Path,
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]: ...
def read_onnx(path: _Path) -> FeedForwardGraph: ...
