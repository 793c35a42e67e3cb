"""Shape what the practice retailer says of open positions, as schema.org wants it."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

Json = dict[str, Any]


@cache
def postings() -> list[dict[str, Any]]:
    """Load the positions: `id`, `title`, `text`, `place`, and where told `pay` and `months` of experience."""
    told = resources.files(__package__).joinpath("careers.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(told)["posting"])


def job_posting(posting: dict[str, Any], employer: str) -> Json:
    """Describe a position as a schema.org JobPosting."""
    described: Json = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "identifier": {"@type": "PropertyValue", "name": employer, "value": posting["id"]},
        "title": posting["title"],
        "description": posting["text"],
        "datePosted": "2025-03-03",
        "hiringOrganization": {"@type": "Organization", "name": employer},
        "jobLocation": {
            "@type": "Place",
            "address": {"@type": "PostalAddress", "addressLocality": posting["place"]},
        },
    }
    if months := posting.get("months"):
        described["experienceRequirements"] = {
            "@type": "OccupationalExperienceRequirements",
            "monthsOfExperience": months,
        }
    if pay := posting.get("pay"):
        described["baseSalary"] = _salary(pay)
    return described


def _salary(pay: dict[str, Any]) -> Json:
    names = {"least": "minValue", "most": "maxValue", "value": "value", "period": "unitText"}
    value = {names[name]: told for name, told in pay.items() if name in names}
    return {
        "@type": "MonetaryAmount",
        "currency": pay["currency"],
        "value": {"@type": "QuantitativeValue", **value},
    }
