"""The spider for job postings: `scrapy crawl job_postings -a site=NAME_OR_FILE.toml`."""

from tdcrawl.crawling import SiteSpider


class JobPostings(SiteSpider):
    """Collect the job postings of one site."""

    name = "job_postings"
    record_type = "job_posting"
