"""`manage.py identify PHOTO... [--json] [--game pokemon]`: name the cards of photographs, without storing anything."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.catalog.models import Product
from apps.scans import engines
from apps.scans.references import ml_game
from ml.photo import UnreadablePhoto, decoded
from ml.types import PhotoResult


class Command(BaseCommand):
    """Quads, candidates with ids and confidence, seconds by stage."""

    help = "Name the cards of photographs: quads, candidates with ids and confidence, seconds by stage."

    def add_arguments(self, parser: CommandParser) -> None:
        """Photos, and how to answer."""
        parser.add_argument("photos", nargs="+", type=Path)
        parser.add_argument("--json", action="store_true", help="one JSON object per photo and line")
        parser.add_argument("--game", default="", help="pokemon, onepiece, magic: narrows the search")
        parser.add_argument("--candidates", type=int, default=5)

    def handle(self, *, photos: list[Path], json: bool, game: str, candidates: int, **options: object) -> None:
        """Each photo in turn; one that cannot be read is said and does not stop the rest."""
        pipeline, failed = engines.pipeline(), 0
        for path in photos:
            try:
                result = pipeline.identify(decoded(path.read_bytes()), ml_game(game) or None)
            except (OSError, UnreadablePhoto) as error:
                failed += 1
                self.stderr.write(f"{path}: {error}")
                continue
            found = self._described(path, result, candidates)
            self.stdout.write(self._json(found) if json else self._text(found))
        if failed == len(photos):
            raise CommandError("None of the photos could be read.")

    def _described(self, path: Path, result: PhotoResult, most: int) -> dict[str, object]:
        answer = result.to_dict()
        keys = {c["key"] for card in answer["cards"] for c in card["candidates"][:most]}
        names = {
            str(pk): {"name": name, "set": code, "number": number}
            for pk, name, code, number in Product.objects.filter(pk__in=keys).values_list(
                "pk", "name", "release__code", "number"
            )
        }
        for card in answer["cards"]:
            card["candidates"] = [
                {
                    "card_id": c["key"],
                    **names.get(c["key"], {}),
                    "confidence": c["probability"],
                    "reasons": c["reasons"],
                }
                for c in card["candidates"][:most]
            ]
        return {"photo": str(path), **answer}

    def _json(self, found: dict[str, object]) -> str:
        return json.dumps(found, ensure_ascii=False)

    def _text(self, found: dict[str, object]) -> str:
        seconds = sum(found["seconds"].values())
        lines = [f"{found['photo']}: {len(found['cards'])} card(s) in {seconds:.1f} s"]
        for number, card in enumerate(found["cards"], 1):
            best = card["candidates"][0] if card["candidates"] else None
            if best is None:
                lines.append(f"  {number}. not recognised")
                continue
            sure = "" if card["decided"] else "not sure, maybe "
            label = f"{best.get('name', '?')} ({best.get('set', '?')} {best.get('number', '?')})"
            lines.append(f"  {number}. {sure}{label}, {best['confidence']:.0%}")
        return "\n".join(lines)
