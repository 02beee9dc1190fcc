"""Check limits of a YAML file on the parser's events, before any value is built.

A few lines of aliases can stand for billions of values, and deep nesting ends the parser.
"""

import yaml

from ganops.errors import ConfigurationError

LARGEST_BYTES = 2**20
_DEEPEST, _MOST_VALUES = 32, 50_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")}


def check_yaml(name: str, content: bytes) -> None:
    """Check that a file is no larger, no deeper and of no more values than a configuration, and has no tags of objects.

    Args:
        name: of the file, for the message.
        content: its bytes, or the first LARGEST_BYTES + 1 of them.

    Raises:
        ConfigurationError: it exceeds a limit, which the message names.
        yaml.YAMLError: it is not YAML.
        UnicodeDecodeError: it is not UTF-8.
    """
    if len(content) > LARGEST_BYTES:
        raise _limit_error(name, f"at most {LARGEST_BYTES:,} bytes", "more")
    counter = _Counter(name)
    for event in yaml.parse(content.decode("utf-8"), Loader=_LOADER):
        counter.add(event)


class _Counter:
    """Counts the values of the open collections; an alias counts like its target."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: list[tuple[str | None, int]] = []  # anchor, values so far
        self._sizes: dict[str, int] = {}

    def add(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = self._open.pop()
            self._close(anchor, size + 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_tag(event.tag)
            self._open.append((event.anchor, 0))
            if len(self._open) > _DEEPEST:
                raise _limit_error(self._name, f"at most {_DEEPEST} levels of keys", "more")
        elif isinstance(event, yaml.ScalarEvent):
            self._check_tag(event.tag)
            self._close(event.anchor, 1)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._sizes:
                raise _limit_error(self._name, "aliases of anchors that stand before them", f"*{event.anchor}")
            self._close(None, self._sizes[event.anchor])

    def _close(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._sizes[anchor] = size
        if self._open:
            outer, before = self._open[-1]
            size += before
            self._open[-1] = (outer, size)
        if size > _MOST_VALUES:
            raise _limit_error(
                self._name, f"at most {_MOST_VALUES:,} values", "more, with aliases counted as their targets"
            )

    def _check_tag(self, tag: str | None) -> None:
        if tag and tag not in _PLAIN_TAGS:
            raise _limit_error(self._name, "plain values", f"the tag {tag}")


def _limit_error(name: str, expected: str, received: str) -> ConfigurationError:
    return ConfigurationError(name, expected=expected, received=received, remedy="Write a plain configuration file.")
