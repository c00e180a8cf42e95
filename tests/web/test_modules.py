"""What a page loads is found from what its modules import."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from web import modules
from web.modules import UnknownModule, import_map, modules_of


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty folder of modules."""
    monkeypatch.setattr(modules, "SOURCES", tmp_path)
    modules._find.cache_clear()
    yield tmp_path
    modules._find.cache_clear()


def test_imports_are_followed_to_the_end(sources: Path) -> None:
    (sources / "a.js").write_text('import { b } from "./b.js";\nexport * from "./c.js";\n')
    (sources / "b.js").write_text("import './c.js';\n")
    (sources / "c.js").write_text('const text = "import";\n')
    assert modules_of("a.js").now == ("a.js", "b.js", "c.js")


def test_imports_over_several_lines_and_folders_are_found(sources: Path) -> None:
    (sources / "pages").mkdir()
    (sources / "pages" / "a.js").write_text('import {\n  b,\n  c,\n} from "../b.js";\n')
    (sources / "b.js").write_text("")
    assert modules_of("pages/a.js").now == ("pages/a.js", "b.js")


def test_what_is_imported_on_demand_comes_later(sources: Path) -> None:
    (sources / "a.js").write_text('const { b } = await import("./b.js");\n')
    (sources / "b.js").write_text('import "./c.js";\n')
    (sources / "c.js").write_text("")
    found = modules_of("a.js")
    assert (found.now, found.later) == (("a.js",), ("b.js", "c.js"))


def test_a_circle_ends(sources: Path) -> None:
    (sources / "a.js").write_text('import "./b.js";\n')
    (sources / "b.js").write_text('import "./a.js";\n')
    assert modules_of("a.js").now == ("a.js", "b.js")


@pytest.mark.parametrize("name", ["./none.js", "lodash", "../../etc/passwd"])
def test_a_module_that_nobody_has_is_told(sources: Path, name: str) -> None:
    (sources / "a.js").write_text(f'import "{name}";\n')
    with pytest.raises(UnknownModule, match="imports"):
        modules_of("a.js")


@pytest.mark.usefixtures("plain_static_files")
def test_the_map_has_the_bare_names() -> None:
    found = import_map(modules_of("web/pages/events.js"))
    assert found["imports"]["preact"] == "/static/web/vendor/preact/preact.js"


def test_vendored_names_are_imported_from_files_that_exist() -> None:
    assert [
        name for name in modules.BARE_NAMES.values() if not (modules.SOURCES / name).exists()
    ] == []
