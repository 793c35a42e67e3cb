"""What is given to a spider with `-a`, and the setting that no spider of ours can use."""

from collections.abc import Iterable

from scrapy.settings import BaseSettings

from tdcrawl.errors import SettingError, SiteError
from tdcrawl.network import Network
from tdcrawl.sites.profile import SiteProfile

_ARGUMENTS = ("site", "limit", "start", "again")


def refuse_unknown(arguments: Iterable[str]) -> None:
    """Raise SiteError for an argument that there is not."""
    # Scrapyd adds arguments of its own, such as _job.
    unknown = [name for name in arguments if name not in _ARGUMENTS and not name.startswith("_")]
    if unknown:
        raise SiteError(f"-a {unknown[0]}=…: no such argument; there are {', '.join(_ARGUMENTS)}")


def read_start(start: str | None, profile: SiteProfile) -> str | None:
    """Read the address to begin at; raises SiteError for one that is not of the site."""
    if start is not None and not (start.startswith(("http://", "https://")) and profile.covers(start)):
        home = ", ".join(profile.allowed_domains)
        raise SiteError(f"-a start={start}: give an http(s) address on the site's own domains ({home})")
    return start


def read_again(again: str | None) -> bool:
    """Read whether to read a site anew; raises SiteError."""
    if again not in {None, "0", "1"}:
        raise SiteError(f"-a again={again}: give 1 to read the site anew, or leave it out")
    return again == "1"


def refuse_jobdir(settings: BaseSettings) -> None:
    """Raise SettingError where Scrapy would keep requests on its own."""
    if settings["JOBDIR"]:
        raise SettingError(
            "JOBDIR: the requests of a crawl are kept in its database, which takes it up by itself; a JOBDIR beside it "
            "would lose what was under way when the process was killed, and hold pickles. Leave it out"
        )


def read_limit(limit: str | None) -> int | None:
    """Read after how many items to stop; raises SiteError."""
    if limit is None:
        return None
    if not limit.isdecimal() or int(limit) < 1:
        raise SiteError(f"-a limit={limit}: give a whole number of items, 1 or more")
    return int(limit)


def refuse_forbidden(starts: Iterable[str], network: Network) -> None:
    """Raise SiteError for an address to begin at to which no crawl may go."""
    for url in starts:
        if why := network.refusal(url):
            raise SiteError(f"{url} may not be asked: {why}")
