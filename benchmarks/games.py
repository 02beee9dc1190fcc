"""How fast does ganops train each game beside the loop that one would write by hand?

python benchmarks/games.py [RECIPE …]      a table: images a second of ganops / those of the hand-written loop, in turns

Both sides train the same networks at the recipe's batch, on the same resident data, without a loader. The hand-written
side is what a tutorial shows: float32, contiguous memory, torch's Adam, no average of the weights, R1 in
every update, random numbers without addresses. ganops' side is `train_iteration` with the settings that
a user of this machine gets.
"""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from side_by_side import choose_clock, describe_machine, format_ratio, make_parser, measure_alternately, ratio
from torch import Tensor, nn

from ganops.data.encodings import encode_images
from ganops.data.loader import Read
from ganops.games.build import build_game
from ganops.games.recipes import find_recipe
from ganops.games.resolve import Hardware, resolve
from ganops.hardware import multiplies_bf16_faster, thread_count
from ganops.networks.build import build_networks
from ganops.parameters import nest
from ganops.training.state import TrainingState
from ganops.training.step import train_iteration
from ganops.training_config import TrainingParameters
from ganops.training_settings import SampleSpec

ROWS, ITERATIONS = 512, 4
Networks, Batch = Mapping[str, nn.Module], Mapping[str, Tensor]
PICTURES = SampleSpec(channels=3, image_height=32, image_width=32, classes=2)
CLIPS = SampleSpec(field="wave", channels=1, image_width=8192, sample_rate=8000, classes=10)
LINES = SampleSpec(field="tokens", channels=3000, image_width=20, classes=0)
SAMPLES = {
    "pix2pix": PICTURES.replace({"input_channels": 1}),
    "fastcut": PICTURES,
    "cyclegan": PICTURES,
    "completion": PICTURES,
    "spectrogram_gan": CLIPS,
    "wavegan": CLIPS,
    "text_mle": LINES,
    "text_gan": LINES,
}
# Of a training in which the likelihood comes first, the second half is measured.
PARAMETERS = {"text_gan": {"game.adversary_from": 0.0}}


class Resident:
    """Random rows of what a game reads."""

    def __init__(self, reads: tuple[Read, ...], sample: SampleSpec) -> None:
        self.fields = {read.name: _make_rows(read, sample) for read in reads}

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        rows = torch.arange(first, first + count) % ROWS
        return {name: values[rows] for name, values in self.fields.items()}


def _make_rows(read: Read, sample: SampleSpec) -> Tensor:
    generator = torch.Generator().manual_seed(len(read.name))
    if read.field == "label":
        return torch.randint(sample.classes, (ROWS,), generator=generator)
    if read.field == "wave":
        return 2 * torch.rand((ROWS, 1, sample.image_width), generator=generator) - 1
    if read.field == "tokens":
        return torch.randint(1, sample.channels, (ROWS, sample.image_width), generator=generator)
    channels = sample.input_channels if read.field == "input" else sample.channels
    return encode_images(torch.randint(256, (ROWS, channels, *sample.size), generator=generator, dtype=torch.uint8))


def step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def pix2pix(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    generator, discriminator = networks["generator"], networks["discriminator"]
    fake, condition = generator(batch["input"]), batch["input"]
    real_logits = discriminator(torch.cat([batch["image"], condition], 1))
    fake_logits = discriminator(torch.cat([fake.detach(), condition], 1))
    step(adam["discriminator"], F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean())
    logits = discriminator(torch.cat([fake, condition], 1))
    step(adam["generator"], F.softplus(-logits).mean() + 100 * (fake - batch["image"]).abs().mean())


def completion(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    generator, discriminator = networks["generator"], networks["discriminator"]
    picture = batch["image"].requires_grad_()
    mask = torch.zeros_like(picture[:, :1])
    mask[:, :, 8:24, 8:24] = 1
    fake = torch.where(mask > 0, generator(picture, mask), picture)
    real_logits = discriminator(torch.cat([picture, mask], 1))
    fake_logits = discriminator(torch.cat([fake.detach(), mask], 1))
    loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    step(adam["discriminator"], loss + _r1(real_logits, picture))
    logits = discriminator(torch.cat([fake, mask], 1))
    step(adam["generator"], F.softplus(-logits).mean() + 10 * ((fake - picture).abs() * mask).mean())


def fastcut(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    generator, discriminator, heads = networks["generator"], networks["discriminator"], networks["heads"]
    fake = generator(batch["input"])
    logits = discriminator(batch["image"]), discriminator(fake.detach())
    step(adam["discriminator"], (logits[0] - 1).square().mean() / 2 + logits[1].square().mean() / 2)
    ours, theirs = generator.encode(fake), generator.encode(batch["input"])  # pyright: ignore
    places = [torch.stack([torch.randperm(maps[0, 0].numel())[:256] for _ in maps]) for maps in ours]
    terms = []
    for query, key in zip(heads(ours, places), heads(theirs, places), strict=True):
        similar = query @ key.detach().transpose(1, 2) / 0.07
        own = torch.arange(similar.shape[1]).expand(similar.shape[:2])
        terms.append(F.cross_entropy(similar.transpose(1, 2), own))
    adversarial = (discriminator(fake) - 1).square().mean() / 2
    step(adam["generator"], adversarial + 10 * torch.stack(terms).mean())


def cyclegan(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    there, back = networks["generator"], networks["inverse_generator"]
    ways = (
        (there, back, networks["discriminator"], "input", "image"),
        (back, there, networks["inverse_discriminator"], "image", "input"),
    )
    fakes, total = {}, torch.zeros(())
    for translate, undo, discriminator, source, target in ways:
        fakes[target] = translate(batch[source])
        total = total + (discriminator(fakes[target]) - 1).square().mean() / 2
        total = total + 10 * (undo(fakes[target]) - batch[source]).abs().mean()
        total = total + 5 * (translate(batch[target]) - batch[target]).abs().mean()
    step(adam["generator"], total)
    total = torch.zeros(())
    for _, _, discriminator, _, target in ways:
        total = total + (discriminator(batch[target]) - 1).square().mean() / 2
        total = total + discriminator(fakes[target].detach()).square().mean() / 2
    step(adam["discriminator"], total)


def spectrogram_gan(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    generator, discriminator, label = networks["generator"], networks["discriminator"], batch["label"]
    frames = torch.stft(batch["wave"][:, 0], 256, 128, window=torch.hann_window(256), return_complex=True)
    real = (torch.log(frames.abs()[:, None, :128, :64] / 128 + 1e-4) / 4.6 + 1).requires_grad_()
    fake = generator(torch.randn(len(label), 100), label)
    real_logits, fake_logits = discriminator(real, label), discriminator(fake.detach(), label)
    loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    step(adam["discriminator"], loss + _r1(real_logits, real))
    fake = generator(torch.randn(len(label), 100), label)
    step(adam["generator"], F.softplus(-discriminator(fake, label)).mean())


def wavegan(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    generator, discriminator, label, real = (
        networks["generator"],
        networks["discriminator"],
        batch["label"],
        batch["wave"],
    )
    for _ in range(5):
        with torch.no_grad():
            fake = generator(torch.randn(len(label), 100), label)
        mixed = torch.lerp(real, fake, torch.rand(len(label), 1, 1)).requires_grad_()
        (gradient,) = torch.autograd.grad(discriminator(mixed, label).sum(), mixed, create_graph=True)
        penalty = 10 * (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        step(adam["discriminator"], discriminator(fake, label).mean() - discriminator(real, label).mean() + penalty)
    step(adam["generator"], -discriminator(generator(torch.randn(len(label), 100), label), label).mean())


def text_mle(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    step(adam["generator"], _likelihood(networks["generator"], batch["tokens"]))


def text_gan(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    lines, discriminator = batch["tokens"], networks["discriminator"]
    embedded = discriminator.embed(lines).detach().requires_grad_()  # pyright: ignore[reportCallIssue]
    real_logits = discriminator(embedded)
    fake_logits = discriminator(_draw(networks, *lines.shape).detach())
    step(adam["discriminator"], F.softplus(fake_logits - real_logits).mean() + 0.01 * _r1(real_logits, embedded))
    with torch.no_grad():
        real_logits = discriminator(discriminator.embed(lines))  # pyright: ignore[reportCallIssue]
    adversarial = F.softplus(real_logits - discriminator(_draw(networks, *lines.shape))).mean()
    step(adam["generator"], 10 * adversarial + _likelihood(networks["generator"], lines))


def _draw(networks: Networks, count: int, length: int) -> Tensor:
    """Draw lines with a gradient by the straight-through Gumbel-softmax, and embed them."""
    previous, state, drawn = torch.zeros((count, 1), dtype=torch.int64), None, []
    for _ in range(length):
        hidden, state = networks["generator"](previous, state)
        logits = networks["generator"].predict(hidden[:, 0])  # pyright: ignore[reportCallIssue]
        weights = F.gumbel_softmax(logits, hard=True)
        drawn.append(networks["discriminator"].embed_weights(weights))  # pyright: ignore[reportCallIssue]
        previous = weights.argmax(1, keepdim=True)
    return torch.stack(drawn, 1)


def _likelihood(generator: nn.Module, lines: Tensor) -> Tensor:
    before = torch.cat([torch.zeros_like(lines[:, :1]), lines[:, :-1]], 1)
    hidden = F.dropout(generator(before)[0], 0.2)
    logits = generator.predict(hidden)  # pyright: ignore[reportCallIssue]
    return F.cross_entropy(logits.flatten(0, 1), lines.flatten())


def _r1(logits: Tensor, real: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean() / 2


LOOPS = {
    "pix2pix": pix2pix,
    "fastcut": fastcut,
    "cyclegan": cyclegan,
    "completion": completion,
    "spectrogram_gan": spectrogram_gan,
    "wavegan": wavegan,
    "text_mle": text_mle,
    "text_gan": text_gan,
}


def sides(recipe: str, threads: int) -> tuple[int, dict[str, Callable[[], None]]]:
    """Return the images of a repeat, and both sides' repeats."""
    sample = SAMPLES[recipe]
    machine = Hardware("cpu", threads, multiplies_bf16_faster("cpu"))
    settings = resolve(
        TrainingParameters.parse(nest({"recipe": recipe, **PARAMETERS.get(recipe, {})})), sample, ROWS, machine
    )
    game = build_game(settings)
    data, state = Resident(game.reads(), sample), TrainingState.initial(settings, game)
    networks = build_networks(settings)
    rate, batch = find_recipe(recipe, sample.field).optimizer.learning_rate.end, settings.budget.batch
    adam = {
        player: torch.optim.Adam([p for name in names for p in networks[name].parameters()], lr=rate)
        for player, names in game.players.items()
    }

    def ours() -> None:
        for _ in range(ITERATIONS):
            train_iteration(game, state, settings, data)

    def by_hand() -> None:
        for number in range(ITERATIONS):
            LOOPS[recipe](networks, adam, data.batch(number * batch, batch))

    return ITERATIONS * batch, {"ganops": ours, "by hand": by_hand}


def main() -> None:
    parser = make_parser(__doc__, repeats=8)
    parser.add_argument("recipes", nargs="*", choices=[*LOOPS, []], metavar="RECIPE")
    options = parser.parse_args()
    print(describe_machine(options))
    with thread_count(options.threads):
        for recipe in options.recipes or LOOPS:
            images, pair = sides(recipe, options.threads)
            seconds = measure_alternately(pair, options.repeats, choose_clock(options))
            faster = format_ratio(ratio(seconds["by hand"], seconds["ganops"]))
            rate = images * options.repeats / sum(seconds["ganops"])
            print(f"{recipe}: {faster} times as many images a second as by hand; {rate:.0f} images/s")


if __name__ == "__main__":
    main()
