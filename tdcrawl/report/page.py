"""The report as one page that needs nothing beside itself; whatever the database says is text in it, never markup."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tdcrawl.report import pictures
from tdcrawl.report.figures import Figures


def render(figures: Figures) -> str:
    """Write the page of a report."""
    environment = Environment(
        loader=PackageLoader("tdcrawl.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals["draw"] = _draw
    environment.filters |= {"share": _share, "number": "{:,.0f}".format, "percent": "{:.1%}".format}
    return environment.get_template("report.html").render(figures)


def _draw(name: str, *figures: object) -> Markup:
    # Matplotlib has escaped the texts of its pictures.
    return Markup(getattr(pictures, name)(*figures))  # noqa: S704


def _share(found: int, of: int) -> str:
    return f"{found / of:.1%}" if of else "–"
