"""Train PyTorch's DCGAN example, or a FastGAN written from its paper, on a store, and write its samples as PNG files.

python benchmarks/other_programs.py dcgan data/03_primary/image_folder/store --seconds 600 --to samples
kedro run --env image_folder --pipelines evaluate_samples --params evaluation.samples=samples

What ganops trains in the same seconds is evaluated by the same protocol. Both programs read 64 × 64 pictures without
labels from the store, so that no side pays for decoding.

- `dcgan`: github.com/pytorch/examples, dcgan/main.py: widths of 64, batches of 64, Adam at 2e-4 with β1 0.5, BCE.
- `fastgan`: Liu et al. 2021, "Towards Faster and Stabilized GAN Training": skip-layer excitation, a discriminator that
  reconstructs pictures from its features (equation 3, here by the L1 distance of pixels; the authors' code adds
  perceptual features of a pretrained network), hinge loss, DiffAugment, batches of 8, an average of the weights with a
  decay of 0.999. Their network for 256 pixels without its two finest levels.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.nn.utils import spectral_norm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ganops.augment import augment
from ganops.data.loader import Loader, read_fields
from ganops.data.store import Store
from ganops.noise import Noise

SIDE, WIDTH, RATE, BETAS = 64, 64, 2e-4, (0.5, 0.999)
EVALUATED = 256


def dcgan_generator() -> nn.Module:
    """Build the example's generator: z (B, 100, 1, 1) → pictures."""
    widths = [100, 8 * WIDTH, 4 * WIDTH, 2 * WIDTH, WIDTH]
    layers: list[nn.Module] = []
    for k in range(4):
        up = nn.ConvTranspose2d(widths[k], widths[k + 1], 4, 2 if k else 1, 1 if k else 0, bias=False)
        layers += [up, nn.BatchNorm2d(widths[k + 1]), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False), nn.Tanh())


def dcgan_discriminator() -> nn.Module:
    """Build the example's discriminator: pictures → probabilities."""
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for k in (1, 2, 4):
        down = nn.Conv2d(k * WIDTH, 2 * k * WIDTH, 4, 2, 1, bias=False)
        layers += [down, nn.BatchNorm2d(2 * k * WIDTH), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * WIDTH, 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0))


def init_dcgan(layer: nn.Module) -> None:
    """Draw the example's first weights."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)


class DcganExample:
    """The loop of PyTorch's DCGAN example."""

    batch, latent = 64, (100, 1, 1)

    def __init__(self, seed: int) -> None:
        self.generator, self.discriminator = (
            dcgan_generator().apply(init_dcgan),
            dcgan_discriminator().apply(init_dcgan),
        )
        self.adam_g, self.adam_d = (
            torch.optim.Adam(net.parameters(), RATE, BETAS) for net in (self.generator, self.discriminator)
        )

    def train_iteration(self, real: Tensor, first: int) -> None:
        """Train one iteration."""
        self.adam_d.zero_grad()
        fake = self.generator(torch.randn(len(real), *self.latent))
        for pictures, target in ((real, 1.0), (fake.detach(), 0.0)):
            F.binary_cross_entropy(self.discriminator(pictures), torch.full((len(real),), target)).backward()
        self.adam_d.step()
        self.adam_g.zero_grad()
        F.binary_cross_entropy(self.discriminator(fake), torch.ones(len(real))).backward()
        self.adam_g.step()

    @property
    def sampler(self) -> nn.Module:
        """Return the network that generates: in training mode, as the example does."""
        return self.generator


class Glu(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return F.glu(maps, dim=1)


class AddNoise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.weight * torch.randn(len(maps), 1, *maps.shape[2:])


def conv(inputs: int, outputs: int, side: int, stride: int = 1, padding: int = 0) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, side, stride, padding, bias=False))


def conv_block(inputs: int, outputs: int, side: int, stride: int = 1, padding: int = 0) -> nn.Sequential:
    return nn.Sequential(conv(inputs, outputs, side, stride, padding), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2))


def up(inputs: int, outputs: int, noisy: bool) -> nn.Sequential:
    """Build an upsampling block; a noisy one has two convolutions."""
    layers: list[nn.Module] = [nn.Upsample(scale_factor=2, mode="nearest")]
    for source in (inputs, outputs) if noisy else (inputs,):
        noise = [AddNoise()] if noisy else []
        layers += [conv(source, 2 * outputs, 3, 1, 1), *noise, nn.BatchNorm2d(2 * outputs), Glu()]
    return nn.Sequential(*layers)


def excite(inputs: int, outputs: int) -> nn.Sequential:
    """Build skip-layer excitation: coarse maps → a factor for each channel."""
    pooled = [nn.AdaptiveAvgPool2d(4), conv(inputs, outputs, 4)]
    return nn.Sequential(*pooled, nn.SiLU(), conv(outputs, outputs, 1), nn.Sigmoid())


class FastganGenerator(nn.Module):
    """z (B, 256, 1, 1) → pictures (B, 3, 64, 64)."""

    def __init__(self) -> None:
        super().__init__()
        w4, w8, w16, w32, w64 = (WIDTH * k for k in (16, 8, 4, 2, 2))
        first = spectral_norm(nn.ConvTranspose2d(256, 2 * w4, 4, bias=False))
        self.first = nn.Sequential(first, nn.BatchNorm2d(2 * w4), Glu())
        self.up8, self.up16, self.up32, self.up64 = (
            up(w4, w8, True),
            up(w8, w16, False),
            up(w16, w32, True),
            up(w32, w64, False),
        )
        self.excite64 = excite(w4, w64)
        self.last = conv(w64, 3, 3, 1, 1)

    def forward(self, latent: Tensor) -> Tensor:
        at4 = self.first(latent)
        at64 = self.up64(self.up32(self.up16(self.up8(at4))))
        return torch.tanh(self.last(at64 * self.excite64(at4)))


class Down(nn.Module):
    """The mean of a strided path and of a pooled one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.strided = nn.Sequential(conv_block(inputs, outputs, 4, 2, 1), conv_block(outputs, outputs, 3, 1, 1))
        self.pooled = nn.Sequential(nn.AvgPool2d(2), conv_block(inputs, outputs, 1))

    def forward(self, maps: Tensor) -> Tensor:
        return (self.strided(maps) + self.pooled(maps)) / 2


def decoder(inputs: int) -> nn.Sequential:
    """Build a decoder of features at 8 × 8: pictures of 64 × 64."""
    widths, layers = [inputs, WIDTH, WIDTH // 2, WIDTH // 4], list[nn.Module]()
    for k in range(3):
        up_by_2 = [nn.Upsample(scale_factor=2, mode="nearest"), conv(widths[k], 2 * widths[k + 1], 3, 1, 1)]
        layers += [*up_by_2, nn.BatchNorm2d(2 * widths[k + 1]), Glu()]
    return nn.Sequential(*layers, conv(widths[-1], 3, 3, 1, 1), nn.Tanh())


class FastganDiscriminator(nn.Module):
    """Pictures → logits (B, 25), and the features at 8 × 8 and 16 × 16 that `whole` and `part` decode."""

    def __init__(self) -> None:
        super().__init__()
        w = WIDTH
        self.first = nn.Sequential(conv(3, w, 3, 1, 1), nn.LeakyReLU(0.2))
        self.down32, self.down16, self.down8 = Down(w, 2 * w), Down(2 * w, 4 * w), Down(4 * w, 8 * w)
        self.excite8 = excite(w, 8 * w)
        self.head = nn.Sequential(conv_block(8 * w, 8 * w, 1), conv(8 * w, 1, 4))
        self.whole, self.part = decoder(8 * w), decoder(4 * w)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        at64 = self.first(pictures)
        at16 = self.down16(self.down32(at64))
        at8 = self.down8(at16) * self.excite8(at64)
        return self.head(at8).flatten(1), at8, at16


class Fastgan:
    """The loop of FastGAN."""

    batch, latent = 8, (256, 1, 1)

    def __init__(self, seed: int) -> None:
        self.generator, self.discriminator = FastganGenerator(), FastganDiscriminator()
        # Averages the parameters, and copies the buffers.
        self.average = AveragedModel(self.generator, multi_avg_fn=get_ema_multi_avg_fn(0.999))
        self.seed = seed
        self.adam_g, self.adam_d = (
            torch.optim.Adam(net.parameters(), RATE, BETAS) for net in (self.generator, self.discriminator)
        )

    def train_iteration(self, real: Tensor, first: int) -> None:
        """Train one iteration."""
        noise = Noise(self.seed, first, len(real), torch.device("cpu"))
        pictures = augment(real, noise, "real", 1.0, "diffaugment")
        fake = augment(self.generator(torch.randn(len(real), *self.latent)), noise, "fake", 1.0, "diffaugment")
        self.adam_d.zero_grad()
        logits, at8, at16 = self.discriminator(pictures)
        reconstruction = self._reconstruct(pictures, at8, at16, first)
        (F.relu(1 - logits).mean() + reconstruction).backward()
        F.relu(1 + self.discriminator(fake.detach())[0]).mean().backward()
        self.adam_d.step()
        self.adam_g.zero_grad()
        (-self.discriminator(fake)[0].mean()).backward()
        self.adam_g.step()
        self.average.update_parameters(self.generator)

    def _reconstruct(self, pictures: Tensor, at8: Tensor, at16: Tensor, first: int) -> Tensor:
        """Return the distance of the decoded picture, and of a decoded quarter of it, from the picture."""
        row, column = (first // self.batch) % 2, (first // (2 * self.batch)) % 2
        quarter = at16[:, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        half = SIDE // 2
        part = pictures[:, :, half * row : half * (row + 1), half * column : half * (column + 1)]
        decoded = F.l1_loss(self.discriminator.whole(at8), pictures)
        return decoded + F.l1_loss(self.discriminator.part(quarter), F.interpolate(part, SIDE))

    @property
    def sampler(self) -> nn.Module:
        """Return the network that generates: the average."""
        return self.average


PROGRAMS: dict[str, Callable[[int], DcganExample | Fastgan]] = {"dcgan": DcganExample, "fastgan": Fastgan}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=PROGRAMS)
    parser.add_argument("store", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n", type=int, default=1000, help="samples written")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    loader = Loader(Store.open(options.store), "train", read_fields("image"), options.seed)
    program, seen, end = PROGRAMS[options.program](options.seed), 0, time.perf_counter() + options.seconds
    while time.perf_counter() < end:
        program.train_iteration(loader.batch(seen, program.batch)["image"], seen)
        seen += program.batch
    print(f"{options.program}: {seen} images in {options.seconds:g} s")
    options.to.mkdir(parents=True)
    with torch.no_grad():
        for first in range(0, options.n, EVALUATED):
            count = min(EVALUATED, options.n - first)
            pictures = program.sampler(torch.randn(count, *program.latent))
            values = ((pictures + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
            for k, picture in enumerate(values, start=first):
                Image.fromarray(picture).save(options.to / f"{k:05}.png")


if __name__ == "__main__":
    main()
