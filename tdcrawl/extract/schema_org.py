"""Read records from what a page tells machines in schema.org's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tdcrawl.extract.keys import first_string
from tdcrawl.extract.linked_data import SYNTAXES, Syntax, types_of
from tdcrawl.extract.merging import content
from tdcrawl.extract.page import Found, Json, Page
from tdcrawl.records.base import Kind, RecordType
from tdcrawl.sites.profile import Read

Entity = dict[str, Json]
Paths = Mapping[str, Sequence[str]]

# They hold entities but are not what these are about.
_MERE_LISTS = frozenset({"ItemList", "ListItem"})
_ISO_DAY = len("2024-01-31")


@dataclass(frozen=True)
class _Graph:
    """Hold the entities of one syntax, what contains each, and all that is said about each `@id`."""

    entities: list[tuple[Entity, Entity | None]]
    by_id: dict[str, Entity]
    containers: dict[str, Entity]

    def whole(self, node: Json) -> Json:
        """Add to an entity, or to a bare reference, what is said about it elsewhere."""
        known = self.by_id.get(_id(node)) if isinstance(node, dict) else None
        return {**known, **node} if known else node

    def about(self, entity: Entity, container: Entity | None) -> Json:
        """Give what a record is about: its own word, else the entity that contains it or refers to it."""
        return entity.get("itemReviewed") or container or self.containers.get(_id(entity))


def read(page: Page, rules: Read, record_type: RecordType) -> Found:
    """Read a page's records from JSON-LD, microdata and RDFa."""
    return read_syntaxes(page, rules, record_type, SYNTAXES)


def read_syntaxes(page: Page, rules: Read, record_type: RecordType, syntaxes: Sequence[Syntax]) -> Found:
    """Read a page's records from some syntaxes in schema.org's words; what one said no later one says again."""
    found, paths = Found(), _paths(rules, record_type)
    told: set[str] = set()
    for syntax in syntaxes:
        graph = _graph(list(syntax(page, record_type.schema_types, found.problems)))
        raws = [raw for raw in _records(graph, paths, record_type) if content(raw, record_type) not in told]
        found.raws.extend(raws)
        told.update(filter(None, (content(raw, record_type) for raw in raws)))
    return found


def _paths(rules: Read, record_type: RecordType) -> Paths:
    paths = {name: list(field.paths) for name, field in record_type.fields.items()}
    for name, own in rules.fields.items():
        paths[name] = [*([own] if isinstance(own, str) else own), *paths.get(name, ())]
    return paths


def _records(graph: _Graph, paths: Paths, record_type: RecordType) -> Iterator[dict[str, str]]:
    seen: set[frozenset[tuple[str, str]]] = set()
    for entity, container in graph.entities:
        if not types_of(entity) & record_type.schema_types:
            continue
        raw = _strings({**entity, "itemReviewed": graph.about(entity, container)}, paths, graph)
        if _says_something(raw, record_type) and (said := _said(raw, record_type)) not in seen:
            seen.add(said)
            yield raw


def _said(raw: Mapping[str, str], record_type: RecordType) -> frozenset[tuple[str, str]]:
    """Give what makes a record the same one told twice: all of it, but dates by the day, and not under what it stands.

    Shops print the same list under a product and again under its page. Without a text, two may well be two.
    """
    if not content(raw, record_type):
        return frozenset(raw.items())
    days = {name for name, field in record_type.fields.items() if field.kind is Kind.DATE}
    told = ((name, string[:_ISO_DAY] if name in days else string) for name, string in raw.items())
    apart = record_type.group_field if record_type.group_field != record_type.native_id_field else None
    return frozenset((name, string) for name, string in told if name != apart)


def _strings(entity: Entity, paths: Paths, graph: _Graph) -> dict[str, str]:
    # The entity itself is not followed: shops give the same @id to all their reviews.
    found = {name: first_string(entity, keys, graph.whole) for name, keys in paths.items()}
    return {name: string for name, string in found.items() if string is not None}


def _says_something(raw: Mapping[str, str], record_type: RecordType) -> bool:
    """Tell a record, however broken, from a mere reference: it has one of the fields that no record can be without."""
    return any(name != record_type.group_field for name in raw if name in record_type.required)


def _graph(roots: list[Json]) -> _Graph:
    graph = _Graph([], {}, {})
    for node, container in walk(roots):
        graph.entities.append((node, container))
        if identifier := _id(node):
            graph.by_id[identifier] = {**node, **graph.by_id.get(identifier, {})}
            if container:
                graph.containers.setdefault(identifier, container)
    return graph


def walk(roots: list[Json]) -> Iterator[tuple[Entity, Entity | None]]:
    """Yield every dictionary in the order of the page, with the nearest entity around it."""
    waiting: list[tuple[Json, Entity | None]] = [(roots, None)]
    while waiting:
        node, container = waiting.pop()
        if isinstance(node, dict):
            yield node, container
            inner = node if types_of(node) - _MERE_LISTS else container
            waiting.extend((child, inner) for child in reversed(list(node.values())))
        elif isinstance(node, list):
            waiting.extend((child, container) for child in reversed(node))


def _id(node: Entity) -> str:
    identifier = node.get("@id")
    return identifier if isinstance(identifier, str) else ""
