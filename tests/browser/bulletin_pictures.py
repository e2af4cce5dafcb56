"""The bulletins' pictures of the documentation, of a made-up release: ``python -m tests.browser.bulletin_pictures``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.browser.conftest import ARGUMENTS
from tests.browser.pictures import PICTURES, slim
from tests.unit.made_release import SCHEMAS, made

from marsad.contracts.codelists import load_codelists
from marsad.statistics.outputs import bulletin
from marsad.statistics.outputs.words import Words

_SHOWN = ("ar", "fr")
_SIZE = {"width": 860, "height": 1080}


def main() -> int:
    """Draws the first page of the bulletins in the languages of the country."""
    lists = load_codelists(SCHEMAS / "codelists")
    with tempfile.TemporaryDirectory() as out, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*ARGUMENTS])
        for language in _SHOWN:
            page = Path(out, f"{language}.html")
            page.write_text(bulletin.page(bulletin.bulletin(Words(made(), lists, SCHEMAS, language))), "utf-8")
            tab = browser.new_page(viewport=_SIZE)
            tab.goto(page.as_uri())
            tab.evaluate("document.fonts.ready")
            (PICTURES / f"bulletin-{language}.png").write_bytes(slim(tab.screenshot()))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
