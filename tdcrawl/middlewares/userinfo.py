"""No address is fetched with the user and password that a redirect put into it."""

from scrapy.http import Request

from tdcrawl.links import without_userinfo


class WithoutUserinfo:
    """Send a request again without its user and password; links lose theirs before they are requests."""

    def process_request(self, request: Request) -> Request | None:
        """Replace a request that has them; the duplicate filter has seen the page, so it is passed by."""
        url = without_userinfo(request.url)
        return None if url == request.url else request.replace(url=url, dont_filter=True)
