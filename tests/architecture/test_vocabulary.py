"""Code, tests, configuration and pages use the field's words: a rule is a word of the old dialect and a better one.

`WORDS` are searched in lower case, after names have been split at underscores and capitals: "play" finds `play_round`,
`_Play` and prose. `CODE` is searched as it stands. `NAMES` are whole identifiers of src and benchmarks. Of a word that
has a good use too, only the bad one is forbidden. EXPERIMENTS.md is a log of the past and is not searched.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md")
FILES = ("src/**/*.py", "tests/**/*.py", "benchmarks/*.py", "conf/**/*.yml", "docs/*.md", "notebooks/*.ipynb")

# Pattern → the better word.
WORDS = {
    r"venue": "training context",
    r"lookouts?": "probe",
    r"observers?": "probe",
    r"yardsticks?": "evaluator",
    r"judg(e|es|ed|ing|ement|ements|eable)": "feature extractor; evaluate, check",
    r"verdicts?": "health status; check",
    r"unheard|heard": "logger; logged",
    r"(re)?tells?|(re)?told|telling": "log, report, say which; replay",
    r"farewell|silence": "shutdown; timeout",
    r"films?": "animation",
    r"materials?": "input files, data fingerprint",
    r"custody": "DVC stages",
    r"receipts?": "registration record",
    r"glances?": "snapshot evaluation",
    r"whoever": "who, a person who",
    r"nobody|somebody": "no one, another process; name the actor",
    r"rivals?": "current champion",
    r"doubts": "provenance issues",
    r"deliver(y|ies)": "codec",
    r"drawings": "views",
    r"lettering": "text",
    r"agreement": "class accuracy",
    r"strengths": "loss weights",
    r"pace": "learning rate and betas",
    r"eyes|sight": "probe, embedding",
    r"play(s|ed|ing)?": "train; run",
    r"replayed game|games? (is|was|were|are|that is|that was|that were) lost|lost games?": "failed attempt",
    r"(?<!take )(?<!takes )(?<!in )turns(?! (off|on|out|into|up))": "update; restart; repeat",
    r"(a|one|each|every|per|first) turn": "update; repeat",
    r"(a|an|one|each|every|per|the|this|whole|next|last|first|of) rounds?(?! gaussian)": "iteration",
    r"rounds (of|before|after|and|a|that)|round (after|before|images)|\d+ rounds": "iteration",
    r"(player|players|discriminator|generator|d|g|lazy|each|every|one|kth|first) moves?(?! (to|the file))": "update",
    r"moves? (of|by) (the |a )?(d|g|generator|discriminator|player)|moves? the clock": "update; advance",
    r"(a|each|every|one|this|the|two|between) looks?(?! (at|like))|looked": "probe, measure, evaluate, read",
    r"looks? (at (the )?(reals?|samples|batch)|ahead)": "read, measure; the next batch",
    r"leading (process|one)|leads (alone|only)": "main process",
    r"ahead": "in advance; the next batch",
    r"(?<!from )scratch": "checkpoints; temporary folder",
    r"the watch|watch(ed|es|ing)|unwatched": "monitor, health check, probe",
    r"given (samples?|pictures?|points?)": "external samples",
    r"anchored": "zero is the boundary",
    r"halvings?": "num_downsamples",
    r"the article|recipe[=: ]+article": "vanilla; the paper",
    r"recipe[=: ]+autoencoder(?! gan)": "autoencoder_gan",
    r"twins?": "near duplicates; reference implementation",
    r"by heart": "memorise, overfit",
    r"of which(?! \d)|the one of(?! rank)": "whose; two sentences",
    r"so (many|often)(?! that)": "this many; the number",
    r"anew": "again, from scratch",
    r"plainly": "report_user_errors",
}
CODE = {
    r"\.lost\b|\b_lost\b|\blost\.\d|[\"']lost[\"']": "failed, failures",
    r"[\"']looks\.": "data_fingerprint",
    r"\.leads\b": ".is_main",
    r"\bwatch\.py\b": "health.py",
    r"\bwidth_pixels\b": "image_width",
}
NAMES = {
    r"_?World|ALONE": "Distributed, SINGLE_PROCESS",
    r"_?Play|_?Turn|_?Piece|_?Work|_?Pace|_?Shown|_?Machine|Finding": "see CONTRIBUTING.md for the field's word",
    r"LostGame|WorkerLost": "FailedAttempt, WorkerFailure",
    r"NoiseToSample|noise_to_sample": "LatentGan",
    r"DataShape|BundleContents|as_it_was|samples_of": "SampleSpec, BundleData, at_snapshots, from_latents",
    r"ReadySamples|prepare_ready|NearTwins|near_twins": "ArraySamples, NearDuplicates",
    r"or_warn|open_child|create_store|active_tracker|tracker_of": "see CONTRIBUTING.md for the field's word",
    r"whole_file|whole_folder|reserve": "atomic_write, atomic_folder, preallocate",
    r"least_images|grace|spreads": "min_interval_images, grace_images, feature_variances",
    r"minimised|observed|compares|moves": "terms, logged, relativistic, updates_per_iteration",
    r"_?halve|_?Spread|initial_deviation": "downsample2x, _Upsample, init_std",
    r"said|heard|given|looked|shown|_?show": "a noun that says what it holds",
    r"_?OF_\w+": "a noun without the genitive",
    r"silently|speak|forget_after|_?descend|_gentler": "a verb of the field",
    r"derivations": "explain_defaults",
    r"rounds|turns|play_\w+": "iterations, updates, train",
    r"_LOG|_LOGGER": "logger",
}
PARTICIPLES = (
    *("told", "heard", "shown", "seen", "made", "lost", "given", "drawn", "kept", "taken", "written", "found", "met"),
    *("left", "sent", "chosen", "gone", "built", "held", "begun", "back"),
)
NO_PARTICIPLES = frozenset({"seed", "embed", "wrapped"})
PARTICLES = frozenset({"out", "up", "off", "back", "by", "from", "to", "apart", "behind"})
BARE_PARTICIPLE = "a verb: what the function does"
GENITIVE = "a name without the leading genitive"

# (file, word) → why it stays.
ALLOWED: Mapping[tuple[str, str], str] = {
    ("src/ganops/data/sources/npy.py", "tell"): "a method of files",
    ("src/ganops/data/sources/tars.py", "tell"): "a method of files",
}


@dataclass(frozen=True)
class Hit:
    """A forbidden word at a place."""

    file: str
    line: int
    word: str
    better: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.word!r}: better: {self.better}"


def split_names(text: str) -> str:
    """Return the text in lower case, its names split into words, its lines kept."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", text).lower()


@cache
def compile_rules(kind: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Compile the rules of WORDS, CODE or NAMES."""
    forms = {"words": (WORDS, r"\b(?:{})\b"), "code": (CODE, "{}"), "names": (NAMES, r"^(?:{})$")}
    rules, form = forms[kind]
    return tuple((re.compile(form.format(pattern)), better) for pattern, better in rules.items())


def find_in_text(file: str, text: str) -> Iterator[Hit]:
    """Find forbidden words in prose and split names, and forbidden code."""
    for kind, searched in (("words", split_names(text)), ("code", text)):
        for pattern, better in compile_rules(kind):
            for found in pattern.finditer(searched):
                yield Hit(file, searched.count("\n", 0, found.start()) + 1, found[0], better)


def find_in_names(file: str, code: str) -> Iterator[Hit]:
    """Find forbidden identifiers, and functions called by a bare participle or a genitive."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.NAME:
            for pattern, better in compile_rules("names"):
                if pattern.match(token.string):
                    yield Hit(file, token.start[0], token.string, better)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef) and not any("property" in ast.dump(d) for d in node.decorator_list):
            words = node.name.strip("_").split("_")
            if words[0] == "of" and len(words) > 1:
                yield Hit(file, node.lineno, node.name, GENITIVE)
            participle = words[0] in PARTICIPLES or (words[0].endswith("ed") and words[0] not in NO_PARTICIPLES)
            if participle and words != ["held", "out"] and set(words[1:]) <= PARTICLES:
                yield Hit(file, node.lineno, node.name, BARE_PARTICIPLE)


def read(path: Path) -> str:
    """Return a file's text; of a notebook its cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def find_hits(root: Path) -> list[Hit]:
    """List every forbidden word of a tree, allowed or not."""
    paths = [root / page for page in PAGES] + [path for pattern in FILES for path in sorted(root.glob(pattern))]
    hits = []
    for path in paths:
        file = path.relative_to(root).as_posix()
        if path.is_file() and path.name != Path(__file__).name:
            hits += find_in_text(file, read(path))
            # Names that tests import are found where they are defined.
            hits += find_in_names(file, read(path)) if file.startswith(("src", "benchmarks")) else ()
    return hits


def is_tolerated(hit: Hit) -> bool:
    """Return whether the word is allowed in this file."""
    return (hit.file, hit.word) in ALLOWED


def test_only_words_of_the_field_are_used() -> None:
    found = [str(hit) for hit in find_hits(ROOT) if not is_tolerated(hit)]
    assert not found, "\n" + "\n".join(found)


def test_every_exception_is_needed() -> None:
    assert set(ALLOWED) <= {(hit.file, hit.word) for hit in find_hits(ROOT)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def play_round(): ...", ["play"]),
        ("class PlayState: ...", ["play"]),
        ("The watch judges\nwhat it heard.", ["the watch", "judges", "heard"]),
        ("state.lost", [".lost"]),
        ("Each player moves; the tensor moves to the device; one round is round(x).", ["player moves", "one round"]),
        ("look up, look at the grid, a display of players, from scratch, in turn", []),
    ],
)
def test_prose_and_split_names_are_searched(text: str, words: list[str]) -> None:
    assert sorted(hit.word for hit in find_in_text("file", text)) == sorted(words)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("class World: ...", ["World"]),
        ("def _opened(): ...\ndef _given_up(): ...", ["_opened", "_given_up"]),
        ("def _of_gradients(): ...", ["_of_gradients"]),
        ("def seed(): ...\ndef embed(): ...\ndef fixed_samples(): ...\ndef read(): ...", []),
    ],
)
def test_names_of_functions_and_classes_are_searched(code: str, words: list[str]) -> None:
    assert [hit.word for hit in find_in_names("file", code)] == words


def test_a_hit_names_its_place_and_the_better_word() -> None:
    (hit,) = find_in_text("a.py", "first line\nthe venue")
    assert str(hit) == "a.py:2: 'venue': better: training context"
