"""The spider for reviews in shops: `scrapy crawl retailer_reviews -a site=NAME_OR_FILE.toml`."""

from tdcrawl.crawling import SiteSpider
from tdcrawl.records.review import REVIEW


class RetailerReviews(SiteSpider):
    """Collect the reviews of one retailer."""

    name = REVIEW.spider
    record_type = REVIEW.name
