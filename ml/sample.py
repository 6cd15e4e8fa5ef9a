"""Reads a folder of labelled photographs, reference scans and text catalogues, for measuring. Not used by the product."""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ml.catalogue import MemoryCatalogue, plain
from ml.hashing import HashEmbedder
from ml.index import MemoryIndex
from ml.interfaces import Embedder
from ml.numbers import number_key
from ml.photo import decoded
from ml.types import CardEntry, Descriptors, Picture


@dataclass(frozen=True, slots=True)
class Label:
    """What a person wrote about one card of a photo. `names` holds each spelling; empty where it is doubted or not readable."""

    game: str
    names: tuple[str, ...]
    set_code: str
    number: str
    language: str


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """One photograph: `cards` is how many it shows; `estimated` where that count is a guess and no card is labelled."""

    path: Path
    game: str
    cards: int
    labels: tuple[Label, ...]
    kind: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything that a measurement needs."""

    photos: tuple[LabelledPhoto, ...]
    index: MemoryIndex
    catalogue: MemoryCatalogue


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def labelled_photos(folder: Path) -> tuple[LabelledPhoto, ...]:
    """The photographs of `folder`/cards/photos.csv."""
    by_file: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(folder / "cards" / "photos.csv"):
        by_file[row["file"]].append(row)
    found = []
    for file, its in by_file.items():
        labels = tuple(_label(row) for row in its if row["card_index"] != "0")
        first = its[0]
        found.append(
            LabelledPhoto(
                folder / "cards" / file,
                first["game"],
                int(first["n_cards_in_photo"]),
                labels,
                first["kind"],
                not labels,
            )
        )
    return tuple(found)


def _label(row: Mapping[str, str]) -> Label:
    text = row["card_name"].replace("(illustration)", "").replace("(ja)", "").replace("(Pikachu form)", "")
    inner = re.findall(r"\(([^)]*)\)", text)
    outer = re.sub(r"\([^)]*\)", "", text).strip(" ?")
    doubted = "?" in row["card_name"]
    spelled = [n for n in (outer, *inner) if n and "..." not in n and n not in ("gold", "rainbow")]
    names = () if doubted else tuple(plain(n) for n in spelled)
    set_code = re.sub(r"\(.*?\)|\?", "", row["set"]).strip()
    number = row["collector_number"]
    number = "" if "?" in number or number.lower().startswith("no") else number
    return Label(row["game"], tuple(n for n in names if n), set_code, number, row["language"])


def catalogue_entries(folder: Path) -> list[CardEntry]:
    """Every printing of the text catalogues, and one for each reference scan that they lack."""
    catalog = folder / "catalog"
    entries: dict[str, CardEntry] = {}
    sets = {row["set_id"]: row for row in rows(catalog / "tcgdex_sets.csv")}
    for row in rows(catalog / "tcgdex_cards.csv"):
        about = sets.get(row["set_id"], {})
        if "pocket" in about.get("serie", "").lower():
            continue
        key = pokemon_key(row["set_id"], row["number"])
        entries[key] = CardEntry(
            key,
            "pokemon",
            row["name"],
            row["number"],
            about.get("abbr", ""),
            about.get("cards_official", ""),
            row["set_name"],
            hp=row["hp"],
        )
    one_piece = rows(catalog / "onepiece_cards.csv")
    english = {row["base_number"]: row["name"] for row in one_piece if row["language"] == "english"}
    for row in one_piece:
        language = {"english": "en", "japanese": "ja"}.get(row["language"], row["language"])
        key = f"onepiece:{language}:{row['id']}"
        other = english.get(row["base_number"], "")
        aliases = (other,) if other and other != row["name"] else ()
        code = row["base_number"].split("-")[0]
        entries[key] = CardEntry(
            key, "onepiece", row["name"], row["base_number"], code, "", row["set_name"], language, aliases
        )
    for row in rows(catalog / "magic_sample.csv"):
        key = f"mtg:{row['set_code'].upper()}:{row['collector_number']}"
        entries[key] = CardEntry(
            key, "mtg", row["name"], row["collector_number"], row["set_code"].upper(), "", row["set_name"]
        )
    for row in rows(catalog / "magic_tcgplayer_ids.csv"):
        key = f"mtg:{row['set_code'].upper()}:{row['number']}"
        entries.setdefault(
            key, CardEntry(key, "mtg", row["simple_name"], row["number"], row["set_code"].upper(), "", row["set_name"])
        )
    for row in rows(folder / "cards" / "refs.csv"):
        key = reference_key(row)
        number = row["number"].split("_")[0]
        entries.setdefault(
            key, CardEntry(key, row["game"], row["name"], number, row["set"].upper(), language=row["language"])
        )
    return list(entries.values())


def pokemon_key(set_id: str, number: str) -> str:
    """The catalogue key of a Pokemon card: its set's identifier and its number without leading zeros."""
    return f"pokemon:{set_id}:{number_key(number)}"


def reference_key(row: Mapping[str, str]) -> str:
    """The catalogue key of a row of refs.csv."""
    game = row["game"]
    if game == "onepiece":
        return f"onepiece:{row['language']}:{row['number']}"
    if game == "pokemon" and row["set"]:
        return pokemon_key(row["set"], row["number"])
    if game == "mtg" and row["set"] and row["number"]:
        return f"mtg:{row['set'].upper()}:{row['number']}"
    return f"{game}:{row['set']}:{row['number'] or row['name']}"


def reference_index(folder: Path, *, cache: Path | None = None, embedder: Embedder | None = None) -> MemoryIndex:
    """An index over the scans of refs.csv; described once where `cache` names a file to keep them in.

    embedder: the hash where none is given. A cache serves the embedder that it was made with.
    """
    embedder = embedder or HashEmbedder()
    files: dict[str, Path] = {}
    listed = rows(folder / "cards" / "refs.csv")
    for row in listed:
        files.setdefault(reference_key(row), folder / "cards" / row["file"])

    def pictures(keys: Sequence[str]) -> dict[str, Picture]:
        return {key: _picture(files[key]) for key in keys if key in files}

    if cache and cache.exists():
        stored = MemoryIndex.load(cache, pictures)
        return MemoryIndex(stored.keys, stored.descriptors, stored.games.tolist(), pictures, order=embedder.nearness)
    parts = [embedder.embed([_picture(folder / "cards" / row["file"])]) for row in listed]
    descriptors = Descriptors(np.concatenate([p.hashes for p in parts]), np.concatenate([p.vectors for p in parts]))
    keys, games = [reference_key(r) for r in listed], [r["game"] for r in listed]
    index = MemoryIndex(keys, descriptors, games, pictures, order=embedder.nearness)
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        index.save(cache)
    return index


def _picture(path: Path) -> Picture:
    return np.array(Image.open(path).convert("RGB"), np.uint8)


def photo(labelled: LabelledPhoto) -> Picture:
    """The pixels of a labelled photograph."""
    return decoded(labelled.path.read_bytes())


def load(folder: Path, *, cache: Path | None = None, embedder: Embedder | None = None) -> Sample:
    """The whole sample. Raises FileNotFoundError where the folder lacks a file."""
    return Sample(
        labelled_photos(folder),
        reference_index(folder, cache=cache, embedder=embedder),
        MemoryCatalogue(catalogue_entries(folder)),
    )
