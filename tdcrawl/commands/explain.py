"""`scrapy explain ID`: one record's whole story."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.settings import ITEM_PIPELINES
from tdcrawl.store.permissions import spoken
from tdcrawl.store.rows import VOTE
from tdcrawl.store.story import Story, tell


class Command(TdcrawlCommand):
    """Follow one item through page, stages, labels and frozen versions."""

    def syntax(self) -> str:
        """Show how the command is written."""
        return "[options] <item or record id>"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Tell one record's whole story: page, outcome, copies, labels, versions"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take the id to explain."""
        super().add_options(parser)
        parser.add_argument("id", help="an item or record id, or the beginning of one")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Collect the story; raises StoreError where no item, or more than one, has that id."""
        answer: Answer = json.loads(json.dumps(tell(self.engine, opts.id), default=str))
        return answer

    def show(self, console: Console, answer: Answer) -> None:
        """Print the story in the order in which it happened."""
        for heading, said in _chapters(answer):
            console.print(f"[bold]{heading:>10}[/]  {escape(said)}")


def _chapters(story: Story) -> Iterator[tuple[str, str]]:
    if erased := story["erased"]:
        yield "item", story["item_id"]
        yield "erased", f"{erased['at']}, by {erased['kind']}" + (f": {erased['why']}" if erased["why"] else "")
        return
    page, run, outcome = story["page"], story["run"], story["outcome"]
    yield "item", f"{story['item_id']}, a {outcome['record_type']} of {outcome['site']}"
    if outcome["was"]:
        yield "was", f"{outcome['was']}, under which it failed before its page was read anew"
    yield "page", f"{page['url']} ({page['state']}), canonical {page['canonical_url']}"
    if page["archive_file"]:
        yield "archived", f"{page['archive_file']}, at byte {page['archive_offset']}"
    for permission in story["permissions"]:
        yield "permission", _permission(permission)
    yield "run", f"{run['run_id']}, {run['spider']} {run['code_version']}, began {run['started_at']}"
    yield "stages", _stages(outcome["stage"])
    yield "outcome", _outcome(outcome)
    yield from _kept(story)
    for label in story["labels"]:
        yield _label(label)
    for copy in story["copies"]:
        yield "copy", f"{copy['item_id']} ({copy['reason']}, Jaccard {copy['score']:.3f}), run {copy['run_id']}"
    for pair in story["contrasts"]:
        other = pair["other_id"] if pair["record_id"] == story["item_id"] else pair["record_id"]
        yield "contrast", f"{other} (Jaccard {pair['score']:.3f}), both kept, found by run {pair['run_id']}"
    for row in story["versions"]:
        yield "version", _version(row)
    for row in story["left_out"]:
        yield "left out", f"of {row['version']}: {row['why']}"


def _permission(row: dict[str, Any]) -> str:
    """Tell what was read before a page was: by the page itself, or of its host, file by file."""
    files = [f"{one['url']} {_came(one)}" for one in row["files"]]
    said = [*files, *spoken(row["statements"]), *(f"unknown: {word}" for word in row["unknown"])]
    whose = "its page" if row["page_id"] else row["host"]
    return f"{row['verdict']}, {whose}, read {row['read_at']}" + "".join(f"; {one}" for one in said)


def _came(file: dict[str, Any]) -> str:
    if file["sha256"] is None:
        return f"({file['status'] or file.get('problem')})"
    return f"(sha256 {file['sha256']})"


def _stages(stopped_at: str | None) -> str:
    """Name the stages that an item passed, if all were on."""
    names = [dotted.split(".")[2] for dotted, _ in sorted(ITEM_PIPELINES.items(), key=lambda pair: pair[1])]
    passed = names[: names.index(stopped_at)] if stopped_at in names else names
    return f"passed {', '.join(passed) or 'none'}" + (f"; stopped at {stopped_at}" if stopped_at else "")


def _version(row: dict[str, Any]) -> str:
    weight = row["data"].get("sample_weight", 1.0)
    errata = f", which has {row['errata']} errata since" if row["errata"] else ""
    return f"{row['version']}, split {row['split']}, weight {weight:g}, as {row['data'].get('label')}{errata}"


def _label(row: dict[str, Any]) -> tuple[str, str]:
    """Tell of a vote, or of a decision."""
    who = f"by {row['reviewer'] or row['source']} {row['version']}, {row['at']}"
    if row["kind"] == VOTE:
        why = row["error"] or row["reason"]
        return "vote", f"{row['label'] or 'failed'}, {who}" + (f": {why}" if why else "")
    return "label", f"{row['label'] or 'taken back'}, {who}"


def _outcome(outcome: dict[str, Any]) -> str:
    why = f" at {outcome['stage']}: {outcome['reason']}, {outcome['detail']}" if outcome["stage"] else ""
    return f"{outcome['bucket']}{why} ({outcome['at']})"


def _kept(story: Story) -> Iterator[tuple[str, str]]:
    for table in ("record", "duplicate", "over_quota", "unlabelled"):
        if story[table]:
            for field, value in story[table]["data"].items():
                # Who labelled a record, and when, its label row tells.
                if value is not None and not (field == "label" and story["labels"]):
                    yield field, str(value)
    if story["duplicate"]:
        duplicate = story["duplicate"]
        yield "repeats", f"{duplicate['matched_record_id']} ({duplicate['reason']}, Jaccard {duplicate['score']:.3f})"
    if story["failed_record"]:
        for error in story["failed_record"]["errors"]:
            yield error["field"], f"{error['reason']}: {error['message']} (it held {error['value']!r})"
