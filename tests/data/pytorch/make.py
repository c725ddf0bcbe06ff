# Makes the .pt files beside it, with PyTorch 1.13 and NumPy 1.24. Every weight of a tensor of n is one
# of 0, 1/8, 2/8 … (n-1)/8 in its place, so that tests can tell each of them.
import collections
import random

import numpy
import torch


def counted(*shape):
    return (torch.arange(torch.Size(shape).numel()) / 8).view(shape)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(3, 2), torch.nn.Linear(2, 2)])
        self.norm = torch.nn.BatchNorm1d(2)
        self.tied = self.layers[0].weight
        self.register_buffer("positions", torch.arange(4).view(1, -1))
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(counted(*parameter.shape))


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=0.5)
net.layers[1](net.layers[0](torch.ones(1, 3))).sum().backward()
optimizer.step()
with torch.no_grad():
    for parameter in net.parameters():
        parameter.copy_(counted(*parameter.shape))
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])

torch.save(net.state_dict(), "state_dict.pt")
torch.save(
    {
        "epoch": 3,
        "model": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "best": numpy.float64(0.5),
        "weights of classes": numpy.arange(3.0),
        "random": [random.getstate(), numpy.random.get_state()],
        "device": torch.device("cuda:0"),
        "type": torch.float16,
        "shape": torch.Size([2, 3]),
        "seen": {1, 2},
        "groups": collections.defaultdict(list, {"ema": [torch.nn.Parameter(counted(2, 2))]}),
    },
    "checkpoint.pt",
)

numbers = counted(24)
named = counted(2, 2)
named.note = "an attribute"
torch.save(
    {
        "all": numbers,
        "matrix": numbers.view(4, 6),
        "transposed": numbers.view(4, 6).t(),
        "every other": numbers.view(4, 6)[1:3, ::2],
        "permuted": numbers.view(2, 3, 4).permute(2, 0, 1),
        "expanded": numbers[:3].expand(2, 3),
        "half": counted(2, 2).half(),
        "bfloat16": counted(2, 2).bfloat16(),
        "double": counted(2, 2).double().t(),
        "named": named,
        "bool": torch.ones(2, 2).bool(),
        "complex": torch.ones(2, 2, dtype=torch.complex64),
        "sparse": torch.eye(2).to_sparse(),
        "quantized": torch.quantize_per_tensor(counted(2, 2), 0.1, 0, torch.qint8),
        "meta": torch.empty(2, 2, device="meta"),
    },
    "views.pt",
    pickle_protocol=4,
)
torch.save(net.state_dict(), "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(net, "module.pt")
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), "scripted.pt")
