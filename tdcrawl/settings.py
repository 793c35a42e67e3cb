"""The only place for stage order, defaults and environment variables.

Every TDCRAWL_ setting can come from an environment variable of its name; `-s NAME=VALUE` wins over both, and a site's
[polite] table stands between. docs/settings.md explains each.
"""

import os

from scrapy.settings import default_settings

BOT_NAME = "tdcrawl"
SPIDER_MODULES = ["tdcrawl.spiders"]
COMMANDS_MODULE = "tdcrawl.commands"

# The stages, in their order; gaps of 100 leave room for yours.
ITEM_PIPELINES = {
    # First, so that all that follows speaks of the page by its one address.
    "tdcrawl.pipelines.canonicalize_url.CanonicalizeUrl": 100,
    # Before anything judges the values: from here on there is a record, or a reason.
    "tdcrawl.pipelines.validate_record.ValidateRecord": 200,
    # Before anything is compared, stored or sent: later stages never see personal data.
    "tdcrawl.pipelines.redact_personal_data.RedactPersonalData": 250,
    # Before near duplicates: a hash is cheaper than a signature.
    "tdcrawl.pipelines.drop_exact_duplicates.DropExactDuplicates": 300,
    # Before labelling: nobody pays for the label of a copy.
    "tdcrawl.pipelines.drop_near_duplicates.DropNearDuplicates": 400,
    # Before the quota, which counts by what the label says.
    "tdcrawl.pipelines.label_record.LabelRecord": 500,
    # Just before the write, which takes the seat for good.
    "tdcrawl.pipelines.enforce_quota.EnforceQuota": 600,
    # Last: record, label, seat and outcome in one transaction.
    "tdcrawl.pipelines.write_record.WriteRecord": 700,
}
# Catches what Scrapy's own processor lets slip: a stage that raises, returns None or is cancelled.
ITEM_PROCESSOR = "tdcrawl.pipelines.processor.StageProcessor"
SPIDER_MIDDLEWARES = {
    # Pages with an error status are kept in the archive, and failed by the spider.
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    # Closest to the engine: nothing may drop an item or a page once it stands in the ledger.
    "tdcrawl.middlewares.page_ledger.PageLedger": 10,
}
DOWNLOADER_MIDDLEWARES = {
    # Before all that would ask anybody anything.
    "tdcrawl.middlewares.network_guard.NetworkGuard": 40,
    # In the place of Scrapy's own, which lets some requests through and hears of nothing but paths.
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "tdcrawl.middlewares.permission.AskPermission": 100,
    # Before robots.txt is asked for: its address would hold the password too.
    "tdcrawl.middlewares.userinfo.WithoutUserinfo": 50,
    # In the place of Scrapy's own, whose errors hold what was unpacked.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "tdcrawl.middlewares.unpacking.Unpacking": 590,
    # Just after a page was unpacked.
    "tdcrawl.middlewares.decoding.TrueEncoding": 585,
}
EXTENSIONS = {
    "tdcrawl.extensions.drain.Drain": 400,
    "tdcrawl.extensions.metrics.Metrics": 450,
    "tdcrawl.extensions.progress.Progress": 500,
    "tdcrawl.extensions.run_report.RunReport": 600,
}
LOG_FORMATTER = "tdcrawl.extensions.log_format.QuietLogFormatter"
# Which page was seen is for the database to say: it knows those of the processes before and beside this one too.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
# A page is read whichever way it was found.
REFERRER_POLICY = "no-referrer"


def _setting(name: str, default: str) -> str:
    return os.environ.get(name, default)


TDCRAWL_DATA_DIR = _setting("TDCRAWL_DATA_DIR", "data")
# Left empty it is a SQLite file in the data folder, wherever that is put later.
TDCRAWL_DATABASE_URL = _setting("TDCRAWL_DATABASE_URL", "")
TDCRAWL_QUOTA = _setting("TDCRAWL_QUOTA", "{}")
TDCRAWL_STEER_BY_QUOTA = _setting("TDCRAWL_STEER_BY_QUOTA", "true")
TDCRAWL_NEAR_DUPLICATE_THRESHOLD = _setting("TDCRAWL_NEAR_DUPLICATE_THRESHOLD", "0.8")
TDCRAWL_CONTACT = _setting("TDCRAWL_CONTACT", "")
TDCRAWL_PERSON_KEY = _setting("TDCRAWL_PERSON_KEY", "")
TDCRAWL_PROGRESS_SECONDS = _setting("TDCRAWL_PROGRESS_SECONDS", "10")
TDCRAWL_DATABASE_PATIENCE_SECONDS = _setting("TDCRAWL_DATABASE_PATIENCE_SECONDS", "60")
TDCRAWL_STAGE_SECONDS = _setting("TDCRAWL_STAGE_SECONDS", "120")
TDCRAWL_RAY_ADDRESS = _setting("TDCRAWL_RAY_ADDRESS", "")

# A budget, be it 0, turns asking on; what a rule cannot label is a failed record without one.
TDCRAWL_LABEL_BUDGET_USD = _setting("TDCRAWL_LABEL_BUDGET_USD", "")
TDCRAWL_LABEL_MODEL = _setting("TDCRAWL_LABEL_MODEL", "claude-haiku-4-5-20251001")
TDCRAWL_LABEL_PRICE = _setting("TDCRAWL_LABEL_PRICE", "")
TDCRAWL_LABEL_CALLS = _setting("TDCRAWL_LABEL_CALLS", "8")
TDCRAWL_LABEL_AUDIT_SHARE = _setting("TDCRAWL_LABEL_AUDIT_SHARE", "0.02")
TDCRAWL_LABEL_MINORITY_SHARE = _setting("TDCRAWL_LABEL_MINORITY_SHARE", "0.2")
TDCRAWL_LABEL_SECONDS = _setting("TDCRAWL_LABEL_SECONDS", "60")

# Whose groups in robots.txt speak for all who collect for training.
TDCRAWL_AI_AGENTS = _setting("TDCRAWL_AI_AGENTS", "known")
TDCRAWL_ARCHIVE_PAGES = _setting("TDCRAWL_ARCHIVE_PAGES", "true")

TDCRAWL_CANONICALIZE_URL_ENABLED = _setting("TDCRAWL_CANONICALIZE_URL_ENABLED", "true")
TDCRAWL_VALIDATE_RECORD_ENABLED = _setting("TDCRAWL_VALIDATE_RECORD_ENABLED", "true")
TDCRAWL_REDACT_PERSONAL_DATA_ENABLED = _setting("TDCRAWL_REDACT_PERSONAL_DATA_ENABLED", "true")
TDCRAWL_DROP_EXACT_DUPLICATES_ENABLED = _setting("TDCRAWL_DROP_EXACT_DUPLICATES_ENABLED", "true")
TDCRAWL_DROP_NEAR_DUPLICATES_ENABLED = _setting("TDCRAWL_DROP_NEAR_DUPLICATES_ENABLED", "true")
TDCRAWL_LABEL_RECORD_ENABLED = _setting("TDCRAWL_LABEL_RECORD_ENABLED", "true")
TDCRAWL_ENFORCE_QUOTA_ENABLED = _setting("TDCRAWL_ENFORCE_QUOTA_ENABLED", "true")
TDCRAWL_WRITE_RECORD_ENABLED = _setting("TDCRAWL_WRITE_RECORD_ENABLED", "true")

# Who we are to robots.txt, and that it is obeyed.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "tdcrawl"
# Slow enough for a small shop; a site file may know better.
DOWNLOAD_DELAY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 2
# A page of reviews has no business being larger, or slower.
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 30
# Scrapy leaves certificates unchecked by default.
DOWNLOAD_VERIFY_CERTIFICATES = True
# What the guard has looked at is what is connected to.
TWISTED_DNS_RESOLVER = "tdcrawl.resolving.GuardedResolver"
TDCRAWL_ALLOW_LOOPBACK = _setting("TDCRAWL_ALLOW_LOOPBACK", "false")
TDCRAWL_ALLOWED_PORTS = _setting("TDCRAWL_ALLOWED_PORTS", "80,443,8080,8443")
REDIRECT_MAX_TIMES = 10
# Only the web: a link must never open a local file or a bucket.
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
# Doors that Scrapy leaves open on loopback, and that run code.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
# What is off is not even loaded: Scrapy would, a web server with it.
EXTENSIONS_BASE = {
    dotted: order
    for dotted, order in default_settings.EXTENSIONS_BASE.items()
    if not dotted.endswith((".TelnetConsole", ".RemoteControl"))
}
# Sites are read page by page, never as a logged-in visitor.
COOKIES_ENABLED = False
# Bounds what is in memory at once.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 5_000_000
# The items of a page that are on the way at once. Scrapy starts as many tasks for every page, however few it yields.
CONCURRENT_ITEMS = 25
TDCRAWL_METRICS_PORT = _setting("TDCRAWL_METRICS_PORT", "")
TDCRAWL_LOG_FORMAT = _setting("TDCRAWL_LOG_FORMAT", "text")
LOG_LEVEL = _setting("TDCRAWL_LOG_LEVEL", "WARNING")
# Each page that was given up stands in the ledger, with its reason, and in the report of the run.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
