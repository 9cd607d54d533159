"""Makes the notebooks of this folder from their scripts, executed, and the picture of the main README."""

import argparse
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import limbflow

FOLDER = Path(__file__).parent
CELL = "# %%"
MARKDOWN = "# %% [markdown]"


def scripts() -> list[Path]:
    """The scripts of notebooks, which begin with a cell."""
    return sorted(path for path in FOLDER.glob("*.py") if path.read_text().startswith(CELL))


def notebook_of(script: Path) -> nbformat.NotebookNode:
    """The notebook of a script, not executed. Cell ids are counted, so that the same script gives the same file."""
    cells = []
    for block in ("\n" + script.read_text()).split("\n" + CELL)[1:]:
        head, _, body = block.partition("\n")
        if head.strip() == "[markdown]":
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines()]
            cells.append(nbformat.v4.new_markdown_cell("\n".join(lines), id=f"cell-{len(cells)}"))
        else:
            cells.append(nbformat.v4.new_code_cell(body.strip(), id=f"cell-{len(cells)}"))
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def execute(script: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs. Raises nbclient.exceptions.CellExecutionError."""
    notebook = notebook_of(script)
    inline = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False, store_widget_state=False).execute(
        env=inline
    )
    for cell in notebook.cells:
        cell.get("metadata", {}).pop("execution", None)
    notebook.metadata.pop("language_info", None)
    return notebook


def draw_picture(path: Path) -> None:
    """The picture of the main README: one session at a glance."""
    axes = limbflow.plots.run(limbflow.load("30-15-15-15").run())
    axes[0].figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these notebooks")
    wanted = parser.parse_args().names
    for script in scripts():
        if not wanted or script.stem in wanted:
            begun = time.monotonic()
            notebook = execute(script)
            nbformat.write(notebook, script.with_suffix(".ipynb"))
            print(f"{script.stem}: {len(notebook.cells)} cells in {time.monotonic() - begun:.0f} s")
    if not wanted:
        draw_picture(FOLDER / "pictures" / "session.png")


if __name__ == "__main__":
    main()
