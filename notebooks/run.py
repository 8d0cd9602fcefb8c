"""Runs the notebooks from top to bottom against the server at HISTOQL_URL.

    python notebooks/run.py [--write] [notebook …]

Ends with a line that counts them; the exit status is 1 when one failed. With ``--write`` their outputs are kept, without what differs from
run to run: times, versions, progress bars.
"""

from __future__ import annotations

import argparse
import base64
import sys
import time
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image

FOLDER = Path(__file__).resolve().parent
SECONDS = 300
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of this run."""
    notebook = nbformat.read(path, as_version=4)
    # Sockets in a folder of the user's own: other users of the machine could reach ports, and with them the kernel.
    with TemporaryDirectory() as folder:
        kernel = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")
        resources = {"metadata": {"path": FOLDER}}
        NotebookClient(notebook, km=kernel, timeout=SECONDS, startup_timeout=SECONDS, resources=resources).execute()
    return notebook


def smaller(png: str) -> str:
    """A picture with 256 colours at most, which plots and small photographs do not miss (base64 to base64)."""
    picture = Image.open(BytesIO(base64.b64decode(png))).convert("RGB")
    # Colours by how far they are apart, not by how often they occur: a legend's few pixels must keep theirs.
    picture = picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def settle(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without what is another in each run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = {}
                if "image/png" in output.get("data", {}):
                    output.data = {"image/png": smaller(output.data["image/png"])}
    return notebook


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="keep the outputs")
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("*.ipynb")))
    options = parser.parse_args()
    failed = 0
    for path in options.notebooks:
        begun = time.monotonic()
        try:
            notebook = run(path)
            print(f"✓ {path.name} ({time.monotonic() - begun:.0f} s)", flush=True)
            if options.write:
                nbformat.write(settle(notebook), path)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failed += 1
            print(f"✗ {path.name} ({time.monotonic() - begun:.0f} s)\n{error}", flush=True)
    print(f"notebooks: {len(options.notebooks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
