"""Small files of our own in each format that the importers read. Every figure is made up."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

GENERIC = """\
category,release_code,release_name,abbreviation,released_on,total_cards,number,name,rarity,finishes,language,attributes,tcgplayer_id
trading-cards/pokemon,emb1,Ember Peaks,EMB,2021-03-05,60,001,Ember Drake,Rare,holofoil|reverse-holofoil,en,"{""hp"": 120}",90001
trading-cards/pokemon,emb1,Ember Peaks,EMB,2021-03-05,60,002,"Tide Otter, the Swift",Common,normal,en|ja,,90002
toys/lego,fort,Forts,,,,10999,Harbour Fort,,sealed|normal,en,"{""pieces"": 812}",
"""


def write(path: Path, content: object) -> Path:
    """Text as it is, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def generic(folder: Path, text: str = GENERIC) -> Path:
    return write(folder / "cards.csv", text)


def pokemon_tcg_data(folder: Path) -> Path:
    write(
        folder / "sets/en.json",
        [{"id": "emb1", "name": "Ember Peaks", "series": "Peaks", "printedTotal": 60, "ptcgoCode": "EMB",
          "releaseDate": "2021/03/05"}],
    )  # fmt: skip
    write(
        folder / "cards/en/emb1.json",
        [
            {"id": "emb1-1", "number": "1", "name": "Ember Drake", "rarity": "Rare Holo", "hp": "120",
             "supertype": "Pokémon", "subtypes": ["Stage 2"], "types": ["Fire"], "artist": "A. Brush",
             "images": {"large": "https://pictures.example/emb1/1.png"},
             "tcgplayer": {"prices": {"holofoil": {}, "reverseHolofoil": {}}}},
            {"id": "emb1-2", "number": "2", "name": "Tide Otter", "rarity": "Common"},
        ],
    )  # fmt: skip
    return folder


def _one_piece(number: str, name: str, **more: object) -> dict[str, object]:
    return {"id": number, "pack_id": "999001", "name": name, "rarity": "SuperRare", "category": "Character",
            "colors": ["Red"], "cost": 4, "power": 5000, "counter": None, "attributes": ["Slash"], "types": ["Crew"],
            **more}  # fmt: skip


def punk_records(folder: Path) -> Path:
    for language, title, names in (
        ("english", "DAWN TIDE", ("Captain Reef &amp; Crew", "Captain Reef (Parallel)")),
        ("japanese", "夜明けの潮", ("リーフ船長", "リーフ船長")),
    ):
        write(
            folder / language / "packs.json",
            {
                "999001": {
                    "id": "999001",
                    "raw_title": f"{title} [OP-77]",
                    "title_parts": {"title": title, "label": "OP-77"},
                }
            },
        )
        write(
            folder / language / "cards/999001.json",
            [_one_piece("OP77-001", names[0]), _one_piece("OP77-001_p1", names[1])],
        )
    return folder


def punk_records_csv(folder: Path) -> Path:
    columns = "language,id,pack_id,set_code,set_name,name,rarity,category,colors,types,attributes,cost,power,counter"
    rows = [
        "english,OP77-001,999001,OP-77,DAWN TIDE,Captain Reef &amp; Crew,SuperRare,Character,Red,Crew,Slash,4,5000,",
        "japanese,OP77-001,999001,,夜明けの潮【OP-77】,リーフ船長,SuperRare,Character,Red,Crew,Slash,4,5000,",
        "english,OP77-001_p1,999001,OP-77,DAWN TIDE,Captain Reef &amp; Crew,SuperRare,Character,Red|Green,Crew,Slash,4,5000,1000",
    ]
    return write(folder / "onepiece_cards.csv", "\n".join([columns, *rows, ""]))


def tcgcsv(folder: Path) -> Path:
    """A group as served: its products and prices, and the list of groups two folders up."""
    write(
        folder / "tcgplayer/3/groups",
        {
            "results": [
                {"groupId": 501, "name": "Ember Peaks", "abbreviation": "EMB", "publishedOn": "2021-03-05T00:00:00"}
            ]
        },
    )
    product = {"categoryId": 3, "groupId": 501, "imageUrl": "https://pictures.example/90001.jpg"}
    write(
        folder / "tcgplayer/3/501/products",
        {
            "results": [
                {**product, "productId": 90001, "name": "Ember Drake - 001/060",
                 "extendedData": [{"name": "Number", "value": "001/060"}, {"name": "Rarity", "value": "Rare"}]},
                {**product, "productId": 90003, "name": "Ember Peaks Booster Box",
                 "extendedData": [{"name": "UPC", "value": "0820650-123456"}]},
            ]
        },
    )  # fmt: skip
    write(
        folder / "tcgplayer/3/501/prices",
        {"results": [tcgplayer_price(90001, "Holofoil"), tcgplayer_price(90001, "Reverse Holofoil")]},
    )
    return folder


def tcgplayer_price(product: int, printing: str, **figures: object) -> dict[str, object]:
    known = {"lowPrice": 3.5, "midPrice": 5.0, "highPrice": 99.0, "marketPrice": 4.25, "directLowPrice": None}
    return {"productId": product, "subTypeName": printing, **known, **figures}


def tcgcsv_table(folder: Path) -> Path:
    columns = "productId,name,categoryId,groupId,imageUrl,extNumber,extRarity,lowPrice,midPrice,highPrice,marketPrice,subTypeName"
    rows = [
        "90001,Ember Drake - 001/060,3,501,,001/060,Rare,3.5,5.0,99.0,4.25,Holofoil",
        "90001,Ember Drake - 001/060,3,501,,001/060,Rare,1.0,1.5,9.0,1.20,Reverse Holofoil",
        "90003,Ember Peaks Booster Box,3,501,,,,90,100,120,98.5,Normal",
    ]
    return write(folder / "ProductsAndPrices.csv", "\n".join([columns, *rows, ""]))


def scryfall_card(**more: object) -> dict[str, object]:
    return {"id": "11111111-0000-4000-8000-000000000001", "name": "Moss Tutor", "set": "grv", "set_name": "Grove",
            "set_type": "expansion", "collector_number": "7", "lang": "en", "rarity": "uncommon", "released_at": "2020-02-02",
            "artist": "A. Brush", "finishes": ["nonfoil", "foil"], "games": ["paper"], "cmc": 2.0, "colors": ["G"],
            "tcgplayer_id": 80001, "tcgplayer_etched_id": 80002, "cardmarket_id": 60001,
            "image_uris": {"normal": "https://pictures.example/grv/7.jpg"}, **more}  # fmt: skip


def scryfall(folder: Path) -> Path:
    cards = [
        scryfall_card(),
        scryfall_card(
            id="11111111-0000-4000-8000-000000000002", lang="ja", printed_name="苔の教師", finishes=["nonfoil"]
        ),
        scryfall_card(id="11111111-0000-4000-8000-000000000003", collector_number="7e", finishes=["etched"]),
        scryfall_card(id="11111111-0000-4000-8000-000000000004", collector_number="8", digital=True),
    ]
    return write(folder / "default-cards.json", cards)


def scryfall_csv(folder: Path) -> Path:
    rows = ["scryfall_id,set_code,set_name,collector_number,name,rarity", "1111,grv,Grove,7,Moss Tutor,uncommon"]
    return write(folder / "printings.csv", "\n".join([*rows, ""]))


def tcgdex(folder: Path) -> Path:
    write(
        folder / "tcgdex_sets.csv",
        "set_id,name,serie,cards_official,release_date,abbr\nemb1,Ember Peaks,Peaks,60,2021-03-05,EMB\n"
        "P1,Pocket Peaks,Pokémon TCG Pocket,10,2025-01-01,PP\n",
    )
    write(
        folder / "tcgdex_cards.csv",
        "card_id,set_id,number,name,rarity,category,types,hp,artist,regulation_mark\n"
        "emb1-001,emb1,001,Ember Drake,Rare,Pokemon,Fire|Dragon,120,A. Brush,D\n"
        "emb1-002,emb1,002,,None,Pokemon,,,,\n"
        "P1-1,P1,1,Pocket Drake,None,Pokemon,,,,\n",
    )
    write(
        folder / "tcgdex_variant_ids.csv",
        "card_id,variant,subtype,foil,stamp,size,tcgplayer_product_id,cardmarket_product_id\n"
        "emb1-001,holo,,,,,90001,70001\nemb1-001,reverse,,masterball,,,90011,70011\nemb1-001,holo,,,1st-edition,,90012,\n",
    )
    return folder


def brickset(folder: Path) -> Path:
    return write(
        folder / "sets.csv",
        "set_num,number,numberVariant,name,year,theme,themeGroup,subtheme,pieces,minifigs,packagingType,US_retailPrice,EAN,UPC\n"
        "76999-1,76999,1,Harbour Fort,2019,Forts,Historical,Coast,812,3,Box,79.99,2001234567893,\n"
        "76999-2,76999,2,Harbour Fort Extra,2020,Forts,Historical,,90,,{Not specified},,,wrong\n",
    )


FORMATS: dict[str, Callable[[Path], Path]] = {
    "brickset": brickset,
    "generic": generic,
    "pokemon-tcg-data": pokemon_tcg_data,
    "punk-records": punk_records,
    "punk-records-csv": punk_records_csv,
    "scryfall": scryfall,
    "scryfall-csv": scryfall_csv,
    "tcgcsv": tcgcsv,
    "tcgdex-csv": tcgdex,
}


def table(rows: list[dict[str, object]]) -> str:
    """Rows as CSV."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
