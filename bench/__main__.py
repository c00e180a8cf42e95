"""`python -m bench gate|scale|on-sale|workers|lists`: what `make bench` and its like run."""

import argparse
import sys

from bench.database import make_tables, own_database, set_up_django
from ticketmgr.local.console import Refusal, say


def main() -> int:
    """Run one benchmark in a database of its own; the report is printed and kept."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=["gate", "scale", "on-sale", "workers", "lists"])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    chosen = parser.parse_args()
    try:
        with own_database() as url:
            set_up_django()
            _run(chosen.name, url, chosen.rounds)
    except Refusal as refusal:
        say(str(refusal))
        return 1
    return 0


def _run(name: str, url: str, rounds: int) -> None:
    # Only now: these read the settings, and so DATABASE_URL.
    from django.db import connections

    from bench import gate, lists, on_sale, scale, workers

    try:
        if name == "gate":
            report = gate.run(url, rounds)
        elif name == "scale":
            report = scale.run(url, rounds, make_tables)
        elif name == "lists":
            report = lists.run()
        elif name == "workers":
            report = workers.run(rounds)
        else:
            report = on_sale.run(rounds)
    finally:
        connections.close_all()
    report.publish(name)


if __name__ == "__main__":
    sys.exit(main())
