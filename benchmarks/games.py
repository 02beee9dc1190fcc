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
SAMPLES = {
    "pix2pix": PICTURES.replace({"input_channels": 1}),
    "fastcut": PICTURES,
    "cyclegan": PICTURES,
    "completion": PICTURES,
    "text_mle": SampleSpec(field="tokens", channels=3000, image_width=20, classes=0),
}


class Resident:
    """Random rows of what a game reads."""

    def __init__(self, reads: tuple[Read, ...], sample: SampleSpec) -> None:
        self.fields = {read.name: _make_rows(read, sample) for read in reads}

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        rows = torch.arange(first, first + count) % ROWS
        return {name: values[rows] for name, values in self.fields.items()}


def _make_rows(read: Read, sample: SampleSpec) -> Tensor:
    generator = torch.Generator().manual_seed(len(read.name))
    if sample.field == "tokens":
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


def text_mle(networks: Networks, adam: Mapping[str, torch.optim.Optimizer], batch: Batch) -> None:
    lines, generator = batch["tokens"], networks["generator"]
    before = torch.cat([torch.zeros_like(lines[:, :1]), lines[:, :-1]], 1)
    hidden = F.dropout(generator(before)[0], 0.2)
    logits = generator.predict(hidden)  # pyright: ignore[reportCallIssue]
    step(adam["generator"], F.cross_entropy(logits.flatten(0, 1), lines.flatten()))


def _r1(logits: Tensor, real: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean() / 2


LOOPS = {
    "pix2pix": pix2pix,
    "fastcut": fastcut,
    "cyclegan": cyclegan,
    "completion": completion,
    "text_mle": text_mle,
}


def sides(recipe: str, threads: int) -> tuple[int, dict[str, Callable[[], None]]]:
    """Return the images of a repeat, and both sides' repeats."""
    sample = SAMPLES[recipe]
    machine = Hardware("cpu", threads, multiplies_bf16_faster("cpu"))
    settings = resolve(TrainingParameters.parse(nest({"recipe": recipe})), sample, ROWS, machine)
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
