"""Run the practice retailer: `python -m tdcrawl.demo` shows the whole way, with `serve` it only opens."""

import argparse
from pathlib import Path

from tdcrawl.demo.catalogue import practice_shop, shop_from_csv
from tdcrawl.demo.journey import travel
from tdcrawl.demo.markup import SITES, Markup
from tdcrawl.demo.server import ShopServer

PORT = 8717
"""Where the bundled site files expect the shop."""


def main(argv: list[str] | None = None) -> None:
    """Run one subcommand; what cannot be done ends with a message and exit status 2."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except (OSError, ValueError) as error:
        parser.error(str(error))


def crawl_command(server: ShopServer) -> str:
    """Say how to crawl a shop that is being served."""
    start = "" if server.server_port == PORT else f" -a start={server.base_url}/catalogue"
    return f"TDCRAWL_ALLOW_LOOPBACK=true scrapy crawl retailer_reviews -a site={SITES[server.markup]}{start}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tdcrawl.demo", description="The practice retailer, on loopback.")
    parser.set_defaults(run=lambda _: travel())
    commands = parser.add_subparsers(metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the shop until Ctrl-C")
    serve.add_argument("--port", type=int, default=PORT, help=f"0 takes a free one (default {PORT})")
    serve.add_argument(
        "--markup", type=Markup, choices=list(Markup), default=Markup.JSON_LD, help="how pages hold reviews"
    )
    serve.add_argument(
        "--reviews", type=Path, metavar="FILE.csv[.gz]", help="serve these reviews instead of invented ones"
    )
    serve.add_argument("--log", action="store_true", help="print every request")
    serve.set_defaults(run=_serve)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    shop = shop_from_csv(arguments.reviews) if arguments.reviews else practice_shop()
    with ShopServer(shop, arguments.markup, arguments.port, log=arguments.log) as server:
        print(f"The shop is open: {server.base_url}/catalogue (Ctrl-C closes it)")
        print(f"To crawl it:      {crawl_command(server)}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("The shop is closed.")


if __name__ == "__main__":
    main()
