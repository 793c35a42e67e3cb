"""The benchmarks measure what they say, whatever the figures: a small round of each."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from benchmarks.corpus import Corpus, Review, invent_corpus
from benchmarks.hostile_pages import PAGES
from benchmarks.near_truth import THRESHOLD, Truth, similar_pairs
from benchmarks.personal import measured
from benchmarks.personal_corpus import KINDS, Case, planted_corpus
from benchmarks.reviews import invent_reviews
from tdcrawl import text

PROJECT = Path(__file__).parents[1]


def measure(*arguments: str) -> dict[str, Any]:
    """Run a benchmark as `make bench` does; give the JSON object of its last line."""
    command = [sys.executable, *arguments, "--rounds", "1", "--json"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Invent a corpus that comparing each with every other does not take long for."""
    return invent_corpus(2000)


def bag(review: Review) -> frozenset[str]:
    """Give the word set of a review, as the project defines it."""
    return text.tokens(text.normalise(review.text))


def test_crawl_compares_all_stages_with_none_and_with_bare_scrapy() -> None:
    figures = measure("benchmarks/crawl.py", "--pages", "2")
    assert figures["pages"] == 2
    assert figures["sqlite"].keys() >= {"ratio", "ratio_to_bare", "all_stages_records_per_second"}
    reading = figures["pages"] / figures["sqlite"]["all_stages_pages_per_second"]
    assert 0 < reading < figures["sqlite"]["all_stages_seconds_to_exit"]
    assert figures["machine"].keys() == {"cores", "memory_gib", "cpu", "python", "system"}


def test_notices_hide_copies_from_all_ways_but_those_that_know_them() -> None:
    figures = measure("benchmarks/boilerplate.py")
    assert figures["brackets (ours): copy behind [a notice]"] == 1
    assert figures["brackets (ours): strangers of three words, each behind [a notice]"] == 0
    assert figures["nothing: copy behind [a notice]"] < 0.5


def test_leases_go_to_one_client_and_to_many() -> None:
    figures = measure("benchmarks/leases.py", "--pages", "128")["leased_per_second"]
    clients = {f"postgresql_{number}_clients" for number in (1, 4, 16)}
    assert figures.keys() == {"sqlite_1_client"} | clients
    assert min(figures.values()) > 0


def test_votes_cost_less_than_three_calls_and_say_the_same() -> None:
    figures = measure("benchmarks/votes.py", "--records", "8")
    assert figures["same_0.9"] == 1
    assert figures["calls_0.9"] <= 0.78
    assert figures["dollars_by_batch_0.9"] <= 0.4
    assert (figures["records"], 16 <= figures["calls"] <= 24) == (8, True)


def test_review_page_is_waited_for_on_both_databases() -> None:
    figures = measure("benchmarks/review.py", "--tasks", "40", "--answers", "20")["milliseconds"]
    assert figures.keys() == {"sqlite", "postgresql"}
    assert all(0 < told["p50"] <= told["p95"] for told in figures.values())


def test_workers_compare_two_with_one() -> None:
    figures = measure("benchmarks/workers.py", "--pages", "8")
    assert figures["ratio"] == pytest.approx(figures["pages_per_second_2"] / figures["pages_per_second_1"], rel=0.002)


def test_memory_is_watched_with_new_records_and_without() -> None:
    figures = measure("benchmarks/memory.py", "--items", "4000")
    assert figures["items"] == 4000
    assert figures["all_stages"].keys() == figures["no_new_records"].keys() >= {"bytes_an_item"}


def test_stages_compare_with_the_reference_recipe() -> None:
    figures = measure("benchmarks/stages.py", "--records", "45")
    assert figures["records"] == 45
    ours, theirs = figures["records_per_second"], figures["reference_records_per_second"]
    assert figures["ratio"] == pytest.approx(ours / theirs, abs=0.01)


def test_index_start_streams_and_opens_an_index() -> None:
    figures = measure("benchmarks/index_start.py", "--records", "700")
    assert figures["records"] == 700
    assert figures.keys() >= {"seconds_to_ready", "bytes_per_record", "records_per_second", "throughput_ratio"}


def test_reading_compares_with_the_parse_and_with_extruct() -> None:
    figures = measure("benchmarks/reading.py")
    for markup in ("json_ld", "microdata"):
        told = figures[markup]
        assert 60_000 <= told["bytes"] <= 61_000
        assert told["ratio"] == pytest.approx(told["milliseconds"] / told["floor_milliseconds"], rel=0.01)
        assert told["speedup_over_extruct"] == pytest.approx(
            told["extruct_milliseconds"] / told["milliseconds"], rel=0.01
        )


def test_hostile_pages_are_all_timed() -> None:
    figures = measure("benchmarks/hostile_pages.py", "--bytes", "20000")
    assert figures["bytes"] == 20_000
    assert figures["milliseconds"].keys() == PAGES.keys()
    assert figures["slowest"] == max(figures["milliseconds"].values())


def test_saved_pages_are_none_where_there_is_no_folder(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/saved_pages.py", "--pages", str(tmp_path)]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0
    assert finished.stdout == f"No saved pages: {tmp_path} has no index.json. They are not part of the project.\n"


def test_tokens_compares_words_with_shingles() -> None:
    figures = measure("benchmarks/tokens.py")
    assert figures["10-15 words"]["words at 0.8"]["another word"] > 0.9
    assert figures["10-15 words"]["3-shingles at 0.8"]["another word"] < 0.5


def test_corpus_scale_compares_the_engines() -> None:
    figures = measure("benchmarks/corpus_scale.py", "--records", "500")
    assert figures["records"] == 500


def test_freeze_scale_compares_the_engines() -> None:
    figures = measure("benchmarks/freeze_scale.py", "--records", "300")
    assert figures["records"] == 300
    assert figures.keys() >= {"local_rows_per_second", "daft_rows_per_second", "daft_peak_mebibytes"}


def test_crawl_gives_no_figure_when_asked_for_no_pages() -> None:
    command = [sys.executable, "benchmarks/crawl.py", "--pages", "0"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "'0' is no whole number of 1 or more" in finished.stderr


def test_invented_reviews_are_all_different_and_as_long_as_real_ones() -> None:
    texts = [review["text"] for review in invent_reviews(2000)]
    assert max(Counter(map(text.normalise, texts)).values()) == 1
    words = sum(map(text.count_words, texts)) / len(texts)
    assert 55 <= words <= 65


def test_near_duplicates_compare_with_the_recipe_and_with_rensa() -> None:
    figures = measure("benchmarks/near_duplicates.py", "--records", "300")
    assert (figures["records"], figures["rounds"]) == (300, 1)
    ways = ["recall", "precision", "contrast_pairs_kept", "records_per_second", "bytes_per_record", "kept"]
    assert figures.keys() >= {f"{way}{figure}" for way in ("", "seed_", "rensa_") for figure in ways}
    for other in ("seed", "rensa"):
        ratio = figures["records_per_second"] / figures[f"{other}_records_per_second"]
        assert figures[f"speedup_over_{other}"] == pytest.approx(ratio, rel=0.001)
    assert figures["precision"] == 1
    assert figures["recall"] > figures["seed_recall"]


def test_near_duplicates_give_no_figure_when_there_would_be_no_contrast_pair() -> None:
    command = [sys.executable, "benchmarks/near_duplicates.py", "--records", "99"]
    finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "--records must be 100 or more" in finished.stderr


def test_corpus_is_the_same_in_every_run_and_of_the_stated_shares(corpus: Corpus) -> None:
    assert corpus == invent_corpus(2000)
    assert [len(part) for part in (corpus.reviews, corpus.near, corpus.exact, corpus.contrast)] == [2000, 400, 200, 20]
    lengths = [text.count_words(review.text) for review in corpus.reviews]
    assert 50 <= min(lengths) < 55
    # One more for a negation.
    assert 195 < max(lengths) <= 201
    assert len({copy.place for part in (corpus.near, corpus.exact, corpus.contrast) for copy in part}) == 620
    assert [review.record_id for review in corpus.reviews[:2]] == ["R0", "R1"]


def test_near_copies_have_the_similarity_that_was_aimed_at_spread_evenly(corpus: Corpus) -> None:
    for place, original, similarity in corpus.near:
        one, other = corpus.reviews[place], corpus.reviews[original]
        assert text.jaccard(bag(one), bag(other)) == similarity
        assert text.normalise(one.text) != text.normalise(other.text)
        assert (one.rating, "not" in bag(one)) == (other.rating, "not" in bag(other))
    tenths = Counter(min(9, int(20 * (copy.similarity or 0) - 10)) for copy in corpus.near)
    assert sorted(tenths) == list(range(10))
    assert all(20 <= number <= 60 for number in tenths.values())


def test_exact_copies_have_the_same_words_and_half_of_them_another_look(corpus: Corpus) -> None:
    pairs = [(corpus.reviews[copy.place], corpus.reviews[copy.original]) for copy in corpus.exact]
    assert all(text.normalise(one.text) == text.normalise(other.text) for one, other in pairs)
    assert 0.4 < sum(one.text != other.text for one, other in pairs) / len(pairs) < 0.6


def test_contrast_pairs_differ_in_a_negation_or_a_word_and_the_rating(corpus: Corpus) -> None:
    copied = {copy.original for copy in (*corpus.near, *corpus.exact)}
    kinds = Counter(_kind(corpus.reviews[copy.place], corpus.reviews[copy.original]) for copy in corpus.contrast)
    assert kinds.keys() == {"negation", "rating"}
    assert min(kinds.values()) > 5
    assert copied.isdisjoint(copy.original for copy in corpus.contrast)


def _kind(one: Review, other: Review) -> str:
    assert THRESHOLD < text.jaccard(bag(one), bag(other)) < 1
    if one.rating == other.rating:
        assert (bag(one) ^ bag(other)) <= {"not", "never"}
        return "negation"
    assert {one.label, other.label} == {"positive", "negative"}
    words, others = (text.normalise(review.text).split() for review in (one, other))
    assert sum(word != another for word, another in zip(words, others, strict=True)) == 1
    return "rating"


def test_two_invented_texts_share_as_many_words_as_real_ones(corpus: Corpus) -> None:
    bags = [bag(review) for review in corpus.reviews]
    chance = Random(1)  # noqa: S311 - nothing here is secret
    shares = [text.jaccard(*chance.sample(bags, 2)) for _ in range(2000)]
    assert 0.1 < sum(shares) / len(shares) < 0.125


def test_truth_is_what_comparing_each_with_every_other_gives(corpus: Corpus) -> None:
    bags = [bag(review) for review in corpus.reviews]
    words = {word: place for place, word in enumerate(sorted(frozenset().union(*bags)))}
    has = np.zeros((2000, len(words)), np.float32)
    for place, one in enumerate(bags):
        has[place, [words[word] for word in one]] = 1
    # Two that are so alike share four fifths of the longer one's words; all that share two thirds are compared.
    larger = np.maximum.outer(has.sum(axis=1), has.sum(axis=1))
    pairs = np.argwhere(np.triu(has @ has.T > larger * 2 / 3, 1)).tolist()
    naive = {(a, b) for a, b in pairs if text.jaccard(bags[a], bags[b]) >= THRESHOLD}
    found = list(similar_pairs([review.text for review in corpus.reviews]))
    assert len(found) == len(naive) > 400
    assert set(found) == naive


def test_truth_holds_a_pair_right_at_the_threshold_and_none_below() -> None:
    whole = [f"w{turn}" for turn in range(100)]
    texts = [" ".join(words) for words in (whole, whole[:80], whole[:79], [*whole, "x"])]
    assert sorted(similar_pairs(texts)) == [(0, 1), (0, 3), (1, 2)]
    assert list(similar_pairs(["", "a b"])) == []


def test_decisions_are_judged_by_what_was_kept() -> None:
    words = " ".join(f"w{turn}" for turn in range(50))
    reviews = [(words, 5), (f"{words} x", 5), (f"{words} not", 5), (f"{words} y", 1), ("quite something else", 5)]
    corpus = Corpus([Review(f"R{place}", *review) for place, review in enumerate(reviews)], [], [], [])
    truth = Truth(corpus)

    def judged(*decisions: str | None) -> tuple[float, float]:
        figures = truth.judge(decisions)
        return figures["recall"], figures["precision"]

    assert judged(None, "R0", None, None, None) == (1, 1)
    assert judged(None, None, None, None, None) == (0, 1)
    assert judged(None, "R0", "R0", None, "R0") == (1, 2 / 3)
    with pytest.raises(SystemExit, match="R2 was taken for a duplicate of R1, which had not been kept before it"):
        judged(None, "R0", "R1", None, None)


def test_contrast_pair_counts_as_kept_when_both_are(corpus: Corpus) -> None:
    decisions: list[str | None] = [None] * len(corpus.reviews)
    truth = Truth(corpus)
    assert truth.judge(decisions)["contrast_pairs_kept"] == 1
    earlier, later = sorted(corpus.contrast[0][:2])
    decisions[later] = f"R{earlier}"
    assert truth.judge(decisions)["contrast_pairs_kept"] == pytest.approx(0.95)


def test_soak_finds_the_loss_of_others_and_none_of_ours() -> None:
    ways = measure("benchmarks/soak.py", "--kills", "2", "--seed", "3")["ways"]
    assert [ways["tdcrawl"][what] for what in ("kills", "lost", "double", "problems")] == [2, 0, 0, []]
    assert all(ways[name]["lost"] > 0 for name in ("JOBDIR, feed", "JOBDIR, batch writer"))


def test_versions_are_frozen_verified_and_compared() -> None:
    figures = measure("benchmarks/freezing.py", "--records", "400")
    assert figures["frozen_per_second"] > 0
    assert figures["freeze_over_pyarrow"] < 1
    assert figures.keys() >= {"growth", "verify_seconds", "sha256sum_seconds", "diff_seconds", "datasets_per_second"}


def test_masking_keeps_its_precision_and_recall_on_sentences_of_ten_locales() -> None:
    figures = measure("benchmarks/personal.py")
    assert figures["cases"] >= 500
    learnt, held_back = figures["learnt_from"], figures["held_back"]
    assert len(learnt.keys() - {"all", *KINDS}) == len(held_back.keys() - {"all", *KINDS}) == 10
    assert min(told["planted"] for told in learnt.values()) >= 40
    assert min(told["recall"] for told in learnt.values()) >= 0.94
    assert min(told["precision"] for told in learnt.values()) >= 0.98
    assert (held_back["all"]["planted"], held_back["all"]["recall"] >= 0.94) == (119, True)
    assert min(told["precision"] for told in held_back.values()) >= 0.98


def test_planted_corpus_is_the_same_in_every_run_and_tells_what_is_planted_where() -> None:
    corpus = planted_corpus()
    assert corpus == planted_corpus()
    assert len({case.text for case in corpus}) == len(corpus)
    told = [case for case in corpus if case.text.startswith("Volg me op TikTok: @")]
    assert [case.truth for case in told] == [(("account", 19, len(case.text)),) for case in told] != []
    assert {(case.locale, case.held_back) for case in told} == {("nl-NL", False)}


def test_mask_of_a_digit_too_few_is_a_miss_and_a_false_one() -> None:
    right = Case("en-US", "Call 212-555-0173 now", (("phone", 5, 17),), held_back=False)
    short = Case("en-US", right.text, (("phone", 5, 18),), held_back=False)
    figures = measured([right, short])
    assert figures["all"] == figures["en-US"] == {"planted": 2, "recall": 0.5, "masked": 2, "precision": 0.5}


def test_steering_is_counted_in_requests_a_rare_record() -> None:
    figures = measure("benchmarks/steering.py", "--products", "12", "--pages", "3", "--shop", "in_some_products")
    told = figures["in_some_products"]
    assert figures.keys() == {"in_some_products", "machine"}
    assert told["ratio"] == pytest.approx(told["steered"] / told["in_order_of_links"], rel=0.002)
    assert told["ratio"] < 1
