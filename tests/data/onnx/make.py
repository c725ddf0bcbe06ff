# Makes the files beside it, with PyTorch 1.13: a small residual network with groups, dilation, both
# kinds of pooling, padding and a branch that is concatenated; as exported, folded and not, and its
# state dict.
import torch
from torch import nn

torch.manual_seed(11)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 6, 3, stride=2, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(6)
        self.depthwise = nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=3)
        self.pointwise = nn.Conv2d(6, 6, 1)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(12, 5)

    def forward(self, image):
        x = torch.relu(self.stem_norm(self.stem(nn.functional.pad(image, (1, 0, 2, 1)))))
        y = self.pointwise(nn.functional.gelu(self.depthwise(x)))
        x = torch.relu(self.norm(x + y))
        left = nn.functional.max_pool2d(x, 3, stride=2, ceil_mode=True).amax(dim=(2, 3))
        right = nn.functional.adaptive_avg_pool2d(x, 1)
        both = torch.cat([left, right.view(right.size(0), -1)], dim=1)
        return torch.log_softmax(self.head(both), dim=1)


net = Net()
with torch.no_grad():
    for norm in (net.stem_norm, net.norm):
        for tensor in (norm.weight, norm.running_mean):
            tensor.normal_()
        norm.running_var.uniform_(0.5, 2)
net.eval()
torch.save(net.state_dict(), "net.pt")
image = torch.zeros(3, 2, 12, 11)
for name, options in {
    "net.onnx": {},
    "net_unfolded.onnx": {
        "training": torch.onnx.TrainingMode.PRESERVE,
        "do_constant_folding": False,
        "dynamic_axes": {"image": {0: "batch"}},
    },
}.items():
    torch.onnx.export(net, image, name, input_names=["image"], opset_version=13, **options)
