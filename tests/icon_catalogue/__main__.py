"""Packs the icons of `products.txt` and `symbols.txt` into a sheet and a list.

The sheet has one cell for each icon: white on black, with 16 shades, because the console gives an
icon its colour when somebody chooses it.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

PRODUCTS, SYMBOLS = ("simple-icons", "16.37.0"), ("@tabler/icons", "3.51.0")
HERE = Path(__file__).parent
OUT = HERE.parents[1] / "src/portico/web/static/vendor/icons"
CELL, COLUMNS, SHADES = 40, 24, 16
FREE = {"CC0-1.0", "MIT", "Apache-2.0"}
"""Licences that let everybody pass an icon on without further conditions."""
COLOURS: Mapping[str, str] = {
    "teal": "0b6659",
    "blue": "1f5f99",
    "red": "a8261c",
    "orange": "a85a00",
    "green": "3b6b1e",
    "brown": "6e4f35",
    "violet": "6b3fa0",
    "slate": "46514e",
}


class IconRefused(Exception):
    """An icon does not exist, or its licence has conditions."""


@dataclass(frozen=True)
class Drawn:
    """An icon of the catalogue with its SVG."""

    slug: str
    name: str
    colour: str
    words: Sequence[str]
    svg: str
    hosts: Sequence[str] = ()
    tags: Sequence[str] = ()

    @property
    def listed(self) -> dict[str, object]:
        """The entry in the list. Hosts are offered an icon by its words, but not by its tags."""
        own = {word.lower() for word in re.split(r"[^\w]+", self.name)} | {self.slug}
        words = {word.lower() for word in self.words} - own
        tags = {word.lower() for word in self.tags} - own - words
        lists = {"words": sorted(words), "tags": sorted(tags), "hosts": list(self.hosts)}
        entry: dict[str, object] = {"slug": self.slug, "name": self.name, "colour": self.colour}
        return entry | {name: listed for name, listed in lists.items() if listed}


def main() -> int:
    """Write the sheet, the list, the licences and the versions."""
    with tempfile.TemporaryDirectory() as folder:
        products, symbols = (_packed(each, Path(folder)) for each in (PRODUCTS, SYMBOLS))
        icons = [*_products(products), *_symbols(symbols)]
        OUT.mkdir(parents=True, exist_ok=True)
        shutil.copy(products / "LICENSE.md", OUT / "LICENSE-simple-icons.md")
        shutil.copy(products / "DISCLAIMER.md", OUT / "DISCLAIMER-simple-icons.md")
        shutil.copy(symbols / "LICENSE", OUT / "LICENSE-tabler-icons")
    (OUT / "catalogue.png").write_bytes(_sheet(icons))
    listed = ",\n".join(json.dumps(each.listed, ensure_ascii=False) for each in icons)
    (OUT / "catalogue.json").write_text(f"[\n{listed}\n]\n", "utf-8")
    versions = "".join(f"{name} {version}\n" for name, version in (PRODUCTS, SYMBOLS))
    (OUT / "VERSION").write_text(versions, "utf-8")
    size = sum(each.stat().st_size for each in OUT.iterdir())
    sys.stdout.write(f"{len(icons)} icons, {size // 1000} kB in {OUT}\n")
    return 0


def _packed(package: tuple[str, str], folder: Path) -> Path:
    """Return the folder of a package from the npm registry."""
    name, version = package
    into = folder / name.replace("/", "-")
    into.mkdir()
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    archive = subprocess.run(command, cwd=into, check=True, capture_output=True, text=True).stdout
    shutil.unpack_archive(into / archive.strip(), into, filter="data")
    return into / "package"


def _lines(name: str) -> Iterator[str]:
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def _products(package: Path) -> Iterator[Drawn]:
    data = json.loads((package / "data/simple-icons.json").read_text("utf-8"))
    known: dict[str, Any] = {each["slug"]: each for each in data}
    for line in _lines("products.txt"):
        slug, *words = line.split()
        if slug not in known:
            raise IconRefused(f"Simple Icons has no {slug}.")
        entry = known[slug]
        licence = entry.get("license", {"type": "CC0-1.0"})["type"]
        if licence not in FREE:
            raise IconRefused(f"{slug} has the licence {licence}.")
        aliases = entry.get("aliases", {}).get("aka", [])
        yield Drawn(
            slug=slug,
            name=entry["title"],
            colour=entry["hex"].lower(),
            words=[*aliases, *(word for word in words if not word.startswith("@"))],
            hosts=[word[1:] for word in words if word.startswith("@")],
            svg=(package / f"icons/{slug}.svg").read_text("utf-8"),
        )


def _symbols(package: Path) -> Iterator[Drawn]:
    data = json.loads((package / "icons.json").read_text("utf-8"))
    for line in _lines("symbols.txt"):
        slug, name, colour, words = (each.strip() for each in line.split("|"))
        file = package / f"icons/outline/{slug}.svg"
        if not file.exists():
            raise IconRefused(f"Tabler Icons has no {slug}.")
        tags = [str(tag) for tag in data[slug]["tags"]]
        yield Drawn(
            slug=f"symbol-{slug}",
            name=name,
            colour=COLOURS[colour],
            words=[slug, *words.split()],
            tags=tags,
            svg=re.sub(r"<!--.*?-->", "", file.read_text("utf-8"), flags=re.DOTALL),
        )


def _sheet(icons: Sequence[Drawn]) -> bytes:
    """Return the cells of all icons as one PNG, drawn by the browser of the tests."""
    rows = -(-len(icons) // COLUMNS)
    page_style = (
        f"body {{ margin: 0; width: {COLUMNS * CELL}px; background: #000; color: #fff }}"
        f"div {{ display: grid; grid-template-columns: repeat({COLUMNS}, {CELL}px) }}"
        f"svg {{ display: block; width: {CELL}px; height: {CELL}px; color: #fff }}"
        "svg[role=img] { fill: #fff }"
    )
    drawn = "".join(icon.svg for icon in icons)
    program = os.environ.get("PORTICO_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        size = {"width": COLUMNS * CELL, "height": rows * CELL}
        page = browser.new_page(viewport=size)  # type: ignore[arg-type]
        page.set_content(f"<style>{page_style}</style><div>{drawn}</div>")
        shown = page.screenshot()
        browser.close()
    with Image.open(io.BytesIO(shown)) as picture:
        grey = picture.convert("L").point([each * (SHADES - 1) // 255 for each in range(256)])
    palette = Image.new("P", grey.size)
    palette.frombytes(grey.tobytes())
    palette.putpalette([each * 255 // (SHADES - 1) for each in range(SHADES) for _ in range(3)])
    packed = io.BytesIO()
    palette.save(packed, "PNG", optimize=True, bits=4)
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
