"""Saved pages of real shops are probed: none fails, and none declares another number without a reason."""

import gzip
import json
from pathlib import Path

from parsel import Selector

from tdcrawl.extract.page import Page
from tdcrawl.probing.guess import guess_ways
from tdcrawl.probing.probe import Snapshot, probe
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Follow


def test_number_declared_is_found_or_explained_on_saved_pages(shared_data: Path) -> None:
    folder, told = shared_data / "pages", []
    for saved in json.loads((folder / "index.json").read_text()):
        body = gzip.decompress((folder / saved["file"]).read_bytes())
        page = Page(
            saved["url"] or "https://shop.example/", Selector(body=body, encoding=saved["declared_encoding"] or "utf-8")
        )
        told.append((saved, probe(Snapshot(page.url, page), guess_ways(page, REVIEW), None, Follow(), REVIEW)))

    declared = [each for _, each in told if each["declared"] is not None]
    assert len(declared) >= 30
    assert [each for each in declared if each["declared"] != each["records_with_text"] and not each["difference"]] == []
    # Of reviews that have microdata the index counts those alone, and a page may show others.
    shown = [(saved, each) for saved, each in told if saved["counts"]["dom_selector"] != '//*[@itemprop="review"]']
    counted = [(saved["file"], saved["expected_dom_reviews"], each["readers"]["css"]) for saved, each in shown]
    assert [(file, dom, css) for file, dom, css in counted if css and dom and css != dom] == []
    structured = [each for saved, each in told if saved["expected_structured_with_text"]]
    assert {each["read_by"][0] for each in structured} == {"schema_org"}
