"""VGG16 and ResNet50 with the parameter names of torchvision's checkpoints."""

from torch import nn

# Simonyan and Zisserman, ICLR 2015, configuration D: width of each convolution, "pool" halves the picture.
VGG16_LAYERS = [64, 64, "pool", 128, 128, "pool"] + [256] * 3 + ["pool"] + [512] * 3 + ["pool"] + [512] * 3 + ["pool"]


class Vgg16(nn.Module):
    """Outputs: `conv5`, the map behind the last pooling [N, 512, 7, 7], and `fc7`, behind the second hidden layer [N, 4096]."""

    output_names = ("conv5", "fc7")

    def __init__(self):
        super().__init__()
        layers, width = [], 3
        for layer in VGG16_LAYERS:
            if layer == "pool":
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(width, layer, 3, padding=1), nn.ReLU()]
            width = layer
        self.features = nn.Sequential(*layers)
        # Places 2 and 5 hold dropout, which does nothing here; the places keep the checkpoint's numbering.
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Identity(), nn.Linear(4096, 4096), nn.ReLU()
        )

    def forward(self, images):
        conv5 = self.features(images)
        return {"conv5": conv5, "fc7": self.classifier(conv5.flatten(1))}


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 beside a shortcut; the stride sits in the 3x3, as in torchvision's checkpoints ("v1.5")."""

    def __init__(self, width_in, width, stride):
        super().__init__()
        width_out = width * 4
        self.conv1, self.bn1 = nn.Conv2d(width_in, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, width_out, 1, bias=False), nn.BatchNorm2d(width_out)
        self.relu = nn.ReLU()
        if stride != 1 or width_in != width_out:
            shortcut = nn.Conv2d(width_in, width_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(width_out))
        else:
            self.downsample = nn.Identity()

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNet50(nn.Module):
    """He et al., CVPR 2016. Outputs: `layer3` [N, 1024, 14, 14], whose mean CLAM takes, and `layer4` [N, 2048, 7, 7]."""

    output_names = ("layer3", "layer4")

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        width_in = 64
        for number, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], start=1):
            stage = []
            for block in range(blocks):
                stage.append(Bottleneck(width_in, width, 2 if block == 0 and number > 1 else 1))
                width_in = width * 4
            setattr(self, f"layer{number}", nn.Sequential(*stage))

    def forward(self, images):
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        layer3 = self.layer3(self.layer2(self.layer1(x)))
        return {"layer3": layer3, "layer4": self.layer4(layer3)}
