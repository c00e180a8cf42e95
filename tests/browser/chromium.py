"""The browsers of these tests: the machine's own Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str:
    """Return the path of Chromium; skip the test where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("NO CHROMIUM: no page was tested; install it (apt install chromium) and rerun")
    return found


@contextmanager
def launched(playwright: Playwright, *arguments: str) -> Iterator[Browser]:
    """Run a browser for the block."""
    # Chromium's sandbox refuses to run as root, and needs privileges that containers lack.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 or os.environ.get("CI") else []
    browser = playwright.chromium.launch(
        executable_path=executable(), args=["--disable-dev-shm-usage", *sandbox, *arguments]
    )
    try:
        yield browser
    finally:
        browser.close()
