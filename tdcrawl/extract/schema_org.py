"""Read records from what a page tells machines in schema.org's words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tdcrawl.extract.keys import Get, string_at
from tdcrawl.extract.linked_data import SYNTAXES, Syntax, local_name, types_of
from tdcrawl.extract.merging import content
from tdcrawl.extract.page import MOST_RECORDS, Found, Json, Page, left_out
from tdcrawl.records.base import Kind, Raw, RecordType
from tdcrawl.sites.profile import Read

Entity = dict[str, Json]
Paths = Sequence[tuple[str, Sequence[tuple[str, Sequence[str]]]]]
"""The key paths of each field, split into the first key and the others."""
# They hold entities but are not what these are about.
_MERE_LISTS = frozenset({"ItemList", "ListItem"})
_NESTS = (dict, list)
_ISO_DAY = len("2024-01-31")


@dataclass(frozen=True)
class _Graph:
    """Hold the records of one syntax, what contains each, and all that is said about an `@id` in several places."""

    records: list[tuple[Entity, Entity | None]] = field(default_factory=list)
    by_id: dict[str, Entity] = field(default_factory=dict)
    containers: dict[str, Entity] = field(default_factory=dict)

    def get(self, node: Entity, key: str) -> Json:
        """Ask an entity, or a bare reference, for a key; else what is said about it elsewhere."""
        value = node.get(key)
        return self.by_id.get(_id(node), {}).get(key) if value is None else value

    def about(self, entity: Entity, container: Entity | None) -> Json:
        """Give what a record is about: its own word, else the entity that contains it or refers to it."""
        return entity.get("itemReviewed") or container or self.containers.get(_id(entity))


def read(page: Page, rules: Read, record_type: RecordType) -> Found:
    """Read a page's records from JSON-LD, microdata and RDFa."""
    return read_syntaxes(page, rules, record_type, SYNTAXES)


def read_syntaxes(page: Page, rules: Read, record_type: RecordType, syntaxes: Sequence[Syntax]) -> Found:
    """Read a page's records from some syntaxes in schema.org's words; what one said no later one says again."""
    found, paths = Found(), _paths(rules, record_type)
    for syntax in syntaxes:
        graph = _graph(list(syntax(page, record_type.schema_types, found.problems)), record_type.schema_types)
        if len(graph.records) > MOST_RECORDS:
            found.problems.append(left_out("schema.org", MOST_RECORDS, len(graph.records)))
        raws = _records(graph, paths, record_type)
        if found.raws and raws:
            told = {content(raw, record_type) for raw in found.raws} - {""}
            raws = [raw for raw in raws if content(raw, record_type) not in told]
        found.raws.extend(raws)
    return found


def _paths(rules: Read, record_type: RecordType) -> Paths:
    paths = {name: list(field.paths) for name, field in record_type.fields.items()}
    for name, own in rules.fields.items():
        paths[name] = [*([own] if isinstance(own, str) else own), *paths.get(name, ())]
    return [
        (name, [(first, rest) for first, *rest in (path.split(".") for path in each)]) for name, each in paths.items()
    ]


def _records(graph: _Graph, paths: Paths, record_type: RecordType) -> list[dict[str, str]]:
    get = graph.get if graph.by_id else dict.get
    proper = record_type.required - {record_type.group_field}
    found = (
        _strings({**entity, "itemReviewed": graph.about(entity, container)}, paths, get)
        for entity, container in graph.records[:MOST_RECORDS]
    )
    # Told from a mere reference: however broken, it has one of the fields that no record can be without.
    return _once([raw for raw in found if not proper.isdisjoint(raw)], record_type)


def _once(raws: list[dict[str, str]], record_type: RecordType) -> list[dict[str, str]]:
    """Leave out what is told twice: shops print the same list under a product and again under its page."""
    texts = [tuple([raw.get(name) for name in record_type.by_kind[Kind.TEXT]]) for raw in raws]
    if len(set(texts)) == len(raws):
        return raws
    # Most texts are told once, and to compare all that is said of each is dear.
    times = Counter(texts)
    first: dict[object, dict[str, str]] = {}
    for text, raw in zip(texts, raws, strict=True):
        first.setdefault(_said(raw, record_type) if times[text] > 1 else text, raw)
    return list(first.values())


def _said(raw: Raw, record_type: RecordType) -> frozenset[tuple[str, str]]:
    """Give what makes a record the same one told twice: all of it, but dates by the day, and not under what it stands.

    Without a text, two may well be two.
    """
    if record_type.by_kind[Kind.TEXT].isdisjoint(raw):
        return frozenset(raw.items())
    told = {
        name: string[:_ISO_DAY] if name in record_type.by_kind[Kind.DATE] else string for name, string in raw.items()
    }
    if record_type.group_field != record_type.native_id_field:
        told.pop(record_type.group_field, None)
    return frozenset(told.items())


def _strings(entity: Entity, paths: Paths, get: Get) -> dict[str, str]:
    found = {}
    for name, each in paths:
        for first, rest in each:
            # The entity itself is asked alone: shops give the same @id to all their reviews.
            if (value := entity.get(first)) is not None and (string := string_at(value, rest, get)):
                found[name] = string
                break
    return found


def _graph(roots: list[Json], wanted: frozenset[str]) -> _Graph:
    graph, once = _Graph(), dict[str, Entity]()
    for node, container in walk(roots):
        if not wanted.isdisjoint(types_of(node)):
            graph.records.append((node, container))
        if "@id" in node and (identifier := _id(node)):
            if (first := once.setdefault(identifier, node)) is not node:
                known = graph.by_id.setdefault(identifier, {**first})
                for key, value in node.items():
                    known.setdefault(key, value)
            if container:
                graph.containers.setdefault(identifier, container)
    return graph


def walk(roots: list[Json]) -> Iterator[tuple[Entity, Entity | None]]:
    """Yield every dictionary in the order of the page, by then with local names, and the nearest entity around it."""
    waiting: list[tuple[Json, Entity | None]] = [(roots, None)]
    local = set[str]()
    while waiting:
        node, container = waiting.pop()
        if isinstance(node, dict):
            if not local.issuperset(node):
                local |= _make_local(node, node.keys() - local)
            yield node, container
            if not types_of(node) <= _MERE_LISTS:
                container = node
            node = node.values()
        waiting += [(child, container) for child in reversed(node) if isinstance(child, _NESTS)]


def _make_local(node: Entity, names: set[str]) -> set[str]:
    named = {name: local_name(name) for name in names}
    if any(name != local for name, local in named.items()):
        renamed = {named.get(name, name): value for name, value in node.items()}
        node.clear()
        node.update(renamed)
    return set(named.values())


def _id(node: Entity) -> str:
    identifier = node.get("@id")
    return identifier if isinstance(identifier, str) else ""
