"""The spider for reviews in shops: `scrapy crawl retailer_reviews -a site=NAME_OR_FILE.toml`."""

from tdcrawl.crawling import SiteSpider


class RetailerReviews(SiteSpider):
    """Collect the reviews of one retailer."""

    name = "retailer_reviews"
    record_type = "review"
