"""The likelihood, the samples and the relaxed samples of text, against closed forms and enumerations."""

import itertools
import math

import pytest
import torch

from ganops.games.language_model import LanguageModel, choose, in_line, negative_log_likelihood
from ganops.games.request import GenerationRequest, TextRequest
from ganops.games.text_gan import TextGan, relax_tokens
from ganops.networks.build import build_networks
from ganops.networks.recurrent import Discriminator, Generator
from ganops.noise import Noise
from ganops.objectives.losses import Relativistic
from ganops.training.schedules import loss_weights

from ..parameters import lines, resolve_settings

VOCABULARY, LENGTH = 3, 4
GAN = TextGan(Relativistic(), 1, LENGTH, adversary_from=0, gumbel_temperature=1.0)


@pytest.fixture
def generator() -> Generator:
    settings = resolve_settings("text_mle", lines(VOCABULARY, LENGTH), base_channels=8, learning_rate=0.01)
    network = build_networks(settings)["generator"].eval()
    assert isinstance(network, Generator)
    # Larger weights: probabilities far from equal ones.
    for parameter in network.parameters():
        parameter.data.mul_(4)
    return network


def all_lines() -> torch.Tensor:
    """Every line of at most LENGTH tokens, filled up with 0."""
    words = range(1, VOCABULARY)
    found = [line for length in range(LENGTH + 1) for line in itertools.product(words, repeat=length)]
    return torch.tensor([[*line, *[0] * (LENGTH - len(line))] for line in found])


def test_the_probabilities_of_all_lines_sum_to_one(generator: Generator) -> None:
    with torch.no_grad():
        probabilities = (-negative_log_likelihood(generator, all_lines())).double().exp()
    assert len(probabilities) == 31 and probabilities.max() > 2 * probabilities.median()
    assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)


def test_the_likelihood_is_the_product_of_the_steps(generator: Generator) -> None:
    """By one token at a time, as samples are drawn."""
    for line in ([1, 2, 0, 0], [2, 1, 1, 2], [0, 0, 0, 0]):
        previous, state, total = torch.zeros(1, 1, dtype=torch.int64), None, 0.0
        for token in line:
            hidden, state = generator(previous, state)
            total -= float(generator.predict(hidden[0, 0]).log_softmax(0)[token].detach())
            previous = torch.tensor([[token]])
            if token == 0:
                break
        assert float(negative_log_likelihood(generator, torch.tensor([line])).detach()) == pytest.approx(
            total, rel=1e-5
        )


def test_without_preferences_the_likelihood_is_that_of_equal_probabilities() -> None:
    settings = resolve_settings("text_mle", lines(11, 7), base_channels=8)
    network = build_networks(settings)["generator"]
    assert isinstance(network, Generator)
    network.embedding.weight.data.zero_()
    values = negative_log_likelihood(network, torch.tensor([[3, 4, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7]]))
    torch.testing.assert_close(values, math.log(11) * torch.tensor([3.0, 7.0]))


def test_tokens_after_the_end_have_no_part(generator: Generator) -> None:
    ended, filled = torch.tensor([[1, 0, 0, 0]]), torch.tensor([[1, 0, 2, 1]])
    assert torch.equal(negative_log_likelihood(generator, ended), negative_log_likelihood(generator, filled))
    assert in_line(filled).tolist() == [[True, True, False, False]]
    assert in_line(torch.tensor([[1, 2, 1, 2], [0, 1, 0, 1]])).tolist() == [[True] * 4, [True, False, False, False]]


def draw(
    game: LanguageModel | TextGan, generator: Generator, request: GenerationRequest, prompt: list[int] | None = None
) -> torch.Tensor:
    noise, conditions = Noise(request.seed, 0, request.n), {"prompt": torch.tensor([prompt])} if prompt else {}
    with torch.no_grad():
        return game.sample({"generator": generator}, game.draw_inputs(request, noise, conditions))


def test_samples_have_the_probabilities_of_the_likelihood(generator: Generator) -> None:
    n, known = 20_000, all_lines()
    samples = draw(LanguageModel(LENGTH), generator, GenerationRequest(n=n))
    counts = (samples[:, None] == known[None]).all(2).sum(0)
    expected = (-negative_log_likelihood(generator, known)).exp().detach()
    assert int(counts.sum()) == n, "every sample is a line, with nothing after its end"
    errors = (counts / n - expected).abs() / (expected * (1 - expected) / n).sqrt()
    assert float(errors[n * expected > 10].max()) < 4.5, "of lines whose numbers are nearly normal"


@pytest.mark.parametrize("game", [LanguageModel(LENGTH), GAN])
def test_lines_after_a_prompt_have_the_probabilities_of_lines_that_begin_so(
    game: LanguageModel | TextGan, generator: Generator
) -> None:
    n, prompt = 20_000, [2, 1]
    known = all_lines()[(all_lines()[:, :2] == torch.tensor(prompt)).all(1)]
    samples = draw(game, generator, GenerationRequest(n=n), prompt)
    counts = (samples[:, None] == known[None]).all(2).sum(0)
    joint = (-negative_log_likelihood(generator, known)).double().exp().detach()
    expected = joint / joint.sum()
    assert len(known) == 7 and int(counts.sum()) == n, "every line begins with the prompt"
    errors = (counts / n - expected).abs() / (expected * (1 - expected) / n).sqrt()
    assert float(errors[n * expected > 10].max()) < 4.5, "of lines whose numbers are nearly normal"


def test_a_low_temperature_gives_the_likeliest_token_and_a_high_one_any(generator: Generator) -> None:
    cold = draw(LanguageModel(LENGTH), generator, TextRequest(n=50, temperature=0.01))
    assert len(cold.unique(dim=0)) == 1
    previous, state = torch.zeros(1, 1, dtype=torch.int64), None
    for token in cold[0].tolist():
        hidden, state = generator(previous, state)
        assert int(generator.predict(hidden[0, 0]).argmax()) == token
        previous = torch.tensor([[token]])
    hot = draw(LanguageModel(LENGTH), generator, TextRequest(n=20_000, temperature=100))
    shares = hot[:, 0].bincount(minlength=VOCABULARY) / len(hot)
    torch.testing.assert_close(shares, torch.full((VOCABULARY,), 1 / VOCABULARY), atol=0.03, rtol=0)


def test_a_token_is_chosen_where_the_distribution_function_passes_the_value() -> None:
    probabilities = torch.tensor([[0.25, 0.0, 0.5, 0.25]]).expand(5, 4)
    assert choose(probabilities, torch.tensor([0.0, 0.2, 0.25, 0.7, 0.99])).tolist() == [0, 0, 2, 2, 3]
    assert choose(torch.tensor([[0.0, 1.0]]), torch.tensor([0.0])).tolist() == [1]
    assert choose(torch.zeros(1, 3), torch.tensor([0.5])).tolist() == [2], "padding of a chunk has no probabilities"


def test_relaxed_tokens_have_the_probabilities_of_the_logits() -> None:
    n, logits = 40_000, torch.tensor([0.0, 1.0, -1.0, 2.0])
    weights, tokens = relax_tokens(logits.expand(n, 4), Noise(3, 0, n).uniform("test", (4,)), 0.5)
    torch.testing.assert_close(tokens.bincount(minlength=4) / n, logits.softmax(0), atol=0.01, rtol=0)
    assert torch.equal(weights.argmax(1), tokens)
    torch.testing.assert_close(weights, torch.nn.functional.one_hot(tokens, 4).float(), atol=1e-6, rtol=0)


def test_the_gradient_of_relaxed_tokens_is_that_of_the_softmax() -> None:
    logits, uniform = torch.tensor([[0.3, -0.2, 1.0]], requires_grad=True), torch.tensor([[0.4, 0.9, 0.2]])
    values = torch.tensor([1.0, -2.0, 0.5])
    weights, _ = relax_tokens(logits, uniform, 0.7)
    (ours,) = torch.autograd.grad((weights * values).sum(), logits)
    soft = ((logits - (-uniform.log()).log()) / 0.7).softmax(1)
    (expected,) = torch.autograd.grad((soft * values).sum(), logits)
    torch.testing.assert_close(ours, expected)


def test_at_a_low_temperature_the_softmax_becomes_one_token_and_its_gradient_vanishes() -> None:
    logits, uniform = torch.tensor([[0.3, -0.2, 1.0]], requires_grad=True), torch.tensor([[0.4, 0.9, 0.2]])
    sizes = []
    for temperature in (1.0, 0.1, 0.01):
        weights, _ = relax_tokens(logits, uniform, temperature)
        (gradient,) = torch.autograd.grad((weights * torch.tensor([1.0, -2.0, 0.5])).sum(), logits)
        sizes.append(float(gradient.abs().max()))
    assert sizes[0] > 0.1 and sizes[2] < 1e-6


def test_the_least_uniform_value_gives_finite_weights() -> None:
    weights, tokens = relax_tokens(torch.zeros(1, 3), torch.tensor([[0.0, 0.5, 1 - 2.0**-24]]), 0.01)
    assert bool(weights.isfinite().all()) and tokens.tolist() == [2]


def test_relaxed_lines_end_as_lines_do(generator: Generator) -> None:
    weights = GAN.relax(generator, lambda weights: weights, Noise(0, 0, 64))
    tokens = weights.argmax(2)
    assert weights.shape == (64, LENGTH, VOCABULARY)
    torch.testing.assert_close(weights.sum(2), torch.ones(64, LENGTH))
    after = ~in_line(tokens)
    assert bool(after.any()) and not bool(tokens[after].any())


def test_weights_of_single_tokens_are_embedded_as_their_numbers() -> None:
    network = Discriminator(8, lines(VOCABULARY, LENGTH))
    tokens = all_lines()
    torch.testing.assert_close(
        network.embed_weights(torch.nn.functional.one_hot(tokens, VOCABULARY).float()), network.embed(tokens)
    )


def test_the_adversary_begins_at_its_share_and_the_clock_advances_before_and_after() -> None:
    settings = resolve_settings(
        "text_gan", lines(VOCABULARY, LENGTH), total_images=1000, batch=8, adversary_from=0.25, adversarial_weight=3.0
    )
    game = TextGan(Relativistic(), 1, LENGTH, 250, 1.0)
    for seen, players, weight in ((0, ["generator"], 0.0), (249, ["generator"], 0.0)):
        updates = game.updates(seen)
        assert [update.player for update in updates] == players and sum(update.images for update in updates) == 1
        assert loss_weights(settings, seen)["adversarial_weight"] == weight
    updates = game.updates(250)
    assert [update.player for update in updates] == ["discriminator", "generator"]
    assert sum(update.images for update in updates) == 1
    assert loss_weights(settings, 250)["adversarial_weight"] == 3.0


def test_the_likelihood_is_kept_on_against_the_adversary() -> None:
    settings = resolve_settings("text_gan", lines(VOCABULARY, LENGTH), base_channels=8, dropout=0.0)
    networks, batch = build_networks(settings), {"tokens": all_lines()[:8]}
    before, after = (
        GAN.losses("generator", networks, batch, Noise(0, 0, 8), weights, {})
        for weights in (
            {"adversarial_weight": 0.0, "likelihood_weight": 0.5},
            {"adversarial_weight": 2.0, "likelihood_weight": 0.5},
        )
    )
    assert before.terms.keys() == {"loss/likelihood"}
    assert after.terms.keys() == {"loss/likelihood", "loss/generator"}
    torch.testing.assert_close(after.terms["loss/likelihood"], 0.5 * before.terms["loss/likelihood"])
