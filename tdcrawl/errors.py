"""The exception tree: what can stop a command, and who raises it.

TdcrawlError
├── SiteError       sites/     a site file is unknown, unreadable or wrong
├── SettingError    settings   a TDCRAWL_ setting cannot be used as given
├── StoreError      store/     the database or a file cannot be reached or is not ours
│   └── LostError   store/     another process has taken over what this one held
├── ScrapydError    deployment a server of scrapy.cfg does not answer as it should
├── CutOffError     running    a run was ended by force
├── FinishedError   store/     there is nothing left to crawl; no failure
├── ReviewError     review/    an answer of a person cannot be taken, or taken back
└── DatasetError    datasets/  a version cannot be frozen, found or trusted
    └── PlanError   datasets/  what was asked of a version makes no sense, whatever was collected

A record that cannot be kept is no error but an outcome: see `outcomes.Rejection`.
"""


class TdcrawlError(Exception):
    """Tell the user what was wrong, where, and what to do; commands print it without a traceback."""

    exit_status = 1


class SiteError(TdcrawlError):
    """Refuse a site file (raised by sites/ and by crawling.py for its Scrapy settings)."""

    exit_status = 2


class SettingError(TdcrawlError):
    """Refuse a setting (raised where the setting is first read)."""

    exit_status = 2


class StoreError(TdcrawlError):
    """Report a database or file that cannot be used (raised by store/)."""


class LostError(StoreError):
    """Report that another process took our pages up, because the database was gone for so long (raised by store/)."""


class FinishedError(TdcrawlError):
    """Say that a run has read all there was to read (raised by store/beginning.py): no failure."""

    exit_status = 0

    def __init__(self, run_id: str, message: str) -> None:
        super().__init__(message)
        self.run_id = run_id


class CutOffError(TdcrawlError):
    """Report that a run was ended by force, at once (raised by running.py)."""

    exit_status = 130


class ScrapydError(TdcrawlError):
    """Report a server of scrapy.cfg that does not answer as it should (raised by deployment.py)."""


class ReviewError(TdcrawlError):
    """Tell a person why their answer was not taken, or not taken back (raised by review/)."""


class DatasetError(TdcrawlError):
    """Refuse to freeze, show or trust a dataset version (raised by datasets/)."""


class PlanError(DatasetError):
    """Refuse the arguments of a dataset command (raised by datasets/plan.py and the command)."""

    exit_status = 2
