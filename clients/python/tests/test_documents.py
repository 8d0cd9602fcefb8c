"""The pages run as they stand, from top to bottom."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"


def blocks_of(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def test_the_page_of_this_package(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = blocks_of("python.md", "python")
    assert len(blocks) > 6
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block.replace("http://127.0.0.1:4000", url), "python.md", "exec"), names)
    names["hq"].close()  # type: ignore[attr-defined]
    told = capsys.readouterr().out
    for expected in ("synthetic", "float16", "SYN-0001", "EXACT", "SUCCEEDED", "'created': 1", "BAD_ARGUMENT"):
        assert expected in told


def has_r() -> bool:
    if shutil.which("Rscript") is None:
        return False
    needed = "for (name in c('httr2', 'jsonlite', 'survival')) if (!requireNamespace(name, quietly = TRUE)) quit(status = 1)"
    return subprocess.run(["Rscript", "-e", needed], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_r(), reason="R with httr2, jsonlite and survival is not installed")
def test_the_page_of_r(url: str, tmp_path: Path) -> None:
    script = tmp_path / "page.R"
    script.write_text("\n".join(blocks_of("r.md", "r")).replace("http://127.0.0.1:4000", url), encoding="utf-8")
    run = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    assert "SYN-0001" in run.stdout
    assert "[1] 672" in run.stdout
