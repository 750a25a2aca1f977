"""YAML with places: a document becomes plain values, and every key and value keeps its line and column.

Called by `app/config.py`. Only the safe subset is built; repeated keys, oversize files and alias bombs are refused.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

from barograph.model.errors import ConfigError

MAX_BYTES = 1024 * 1024
_MAX_NODES = 50_000
_MERGE = "tag:yaml.org,2002:merge"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """1-based line and column."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """A parsed document.

    Attributes:
        file: Its name, for messages.
        values: What stands in it.
        places: Where each key path stands (its key, where it has one).
        texts: Of each value that is no text how it is written: `1.10`.
    """

    file: str
    values: Any
    places: dict[KeyPath, Place] = field(default_factory=dict)
    texts: dict[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> Place:
        """Return where a path stands; of one that is not there, its nearest parent."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))

    def error(self, message: str, path: KeyPath) -> ConfigError:
        """Return an error that names the file, the place and the path."""
        place = self.place(path)
        return ConfigError(message, file=self.file, line=place.line, column=place.column, path=format_path(path))


def format_path(path: KeyPath) -> str:
    """Write a path as people do: `web.listen[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def parse_yaml(text: str, file: str, *, only_first: bool = False, as_texts: bool = False) -> Document:
    """Parse one document.

    Args:
        text: The file's text.
        file: Its name, for messages.
        only_first: Leave out what follows the first document, instead of refusing it.
        as_texts: Give every value as it stands in the text: `0x10` is "0x10", not 16; what is empty is still None.

    Raises:
        ConfigError: It is no YAML, too large, or has a key twice; names line and column.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise ConfigError(f"the file is larger than {MAX_BYTES} bytes", file=file)
    unprintable = yaml.SafeLoader.NON_PRINTABLE.search(text)
    if unprintable is not None:
        line, column = _line_and_column(text, unprintable.start())
        code = ord(unprintable.group())
        raise ConfigError(f"the character U+{code:04X} cannot stand in YAML", file=file, line=line, column=column)
    loader = yaml.SafeLoader(text)
    document = Document(file, None)
    try:
        # get_node wants to be asked first whether there is one
        node = (loader.get_node() if loader.check_node() else None) if only_first else loader.get_single_node()
        if node is not None:
            document.values = _Builder(loader, document, as_texts=as_texts).build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = error.problem or ""
        if problem.startswith("but"):  # the second half of a sentence
            problem = f"{error.context}, {problem}"
        raise ConfigError(f"this is no YAML: {problem}", file=file, line=line, column=column) from error
    except RecursionError as error:
        raise ConfigError("this is nested too deeply", file=file) from error
    finally:
        loader.dispose()
    return document


class _Builder:
    """Turns nodes into values and notes their places."""

    def __init__(self, loader: yaml.SafeLoader, document: Document, *, as_texts: bool) -> None:
        self._as_texts = as_texts
        self._loader = loader
        self._document = document
        self._nodes = 0

    def build(self, node: yaml.Node, path: KeyPath) -> Any:  # noqa: ANN401  YAML holds any value
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise ConfigError(f"more than {_MAX_NODES} values (aliases counted each time)", file=self._document.file)
        self._document.places.setdefault(path, _place(node))
        if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTIONS:
            kind = node.tag.rpartition(":")[2]
            raise self._document_error(f"the tag {kind} means nothing here: leave it out", node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        if node.tag in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary"):
            return node.value  # a date is a text here: nothing in our configuration is one
        if node.tag in _NUMBERS and ":" in node.value:
            return node.value  # base 60 is of YAML 1.1 alone: who writes 23:59 or 1:5 means a time or a range
        if node.tag != "tag:yaml.org,2002:null":
            if self._as_texts:
                return node.value
            self._document.texts[path] = node.value
        try:
            return self._loader.construct_object(node)
        except (ValueError, LookupError) as error:  # `!!int abc`, or a number of thousands of digits
            kind = node.tag.rpartition(":")[2]
            raise self._document_error(f"this is no value of type {kind}", node, path) from error

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in self._merged(node):
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._document_error("a key must be a plain word", key_node, path)
            key = str(key_node.value)
            if key in values:
                raise self._document_error(f"{key!r} stands here twice", key_node, (*path, key))
            self._document.places[(*path, key)] = _place(key_node)
            values[key] = self.build(value_node, (*path, key))
        return values

    def _merged(self, node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
        """Return a mapping's pairs, with those that `<<` brings in and the mapping does not have itself."""
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        if len(own) == len(node.value):
            return own
        self._loader.flatten_mapping(node)
        brought = {str(key.value): (key, value) for key, value in node.value[: len(node.value) - len(own)]}
        taken = {str(key.value) for key, _ in own}
        return [*(pair for name, pair in brought.items() if name not in taken), *own]

    def _document_error(self, message: str, node: yaml.Node, path: KeyPath) -> ConfigError:
        place = _place(node)
        return ConfigError(
            message, file=self._document.file, line=place.line, column=place.column, path=format_path(path)
        )


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
