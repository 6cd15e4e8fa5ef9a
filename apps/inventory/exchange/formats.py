"""The files of the apps that collectors use, each as a table: its columns, and how it spells what they say.

Reading and writing both follow these declarations; there is no code per format. `FORMATS` is in the order in which a
member sees them, ours first.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.catalog.models import Finish
from apps.core.conditions import Condition
from apps.inventory.exchange.layouts import FIELDS, Column, Format, key_of
from apps.inventory.exchange.vocabulary import CARDMARKET_LANGUAGES, NAMES


def _columns(*declared: str) -> tuple[Column, ...]:
    """Columns from "Heading", "Heading: field" or "Heading = what always stands there"."""
    made = []
    for each in declared:
        heading, _, says = each.partition(": ")
        heading, _, otherwise = heading.partition(" = ")
        made.append(Column(heading, says, otherwise))
    return tuple(made)


def _conditions(*words: str) -> dict[Condition, str]:
    return dict(zip(Condition, words, strict=True))


_WORDS = _conditions("Near Mint", "Lightly Played", "Moderately Played", "Heavily Played", "Damaged")
_LETTERS = _conditions("NM", "LP", "MP", "HP", "D")
_MOXFIELD = _conditions("Near Mint", "Good (Lightly Played)", "Played", "Heavily Played", "Damaged")
_EUROPEAN = _conditions("NearMint", "Excellent", "Good", "Played", "Poor")
_FOIL = {Finish.NORMAL: "", Finish.FOIL: "foil"}
_NAMED = {code: NAMES[code] for code in ("en", "fr", "de", "es", "it", "zh", "ja", "pt", "ru", "ko", "zh-tw")}
_CODES = {code: code for code in ("en", "fr", "de", "es", "it", "ja", "pt", "ru", "ko")}
_ALL_FINISHES = {finish: str(finish.label) for finish in Finish}

FORMATS: dict[str, Format] = {
    declared.slug: declared
    for declared in (
        Format(
            slug="cardvault",
            name="CardVault",
            columns=_columns(
                "Quantity: quantity", "Name: name", "Set Code: set_code", "Set Name: set_name", "Number: number",
                "Finish: finish", "Treatment: treatment", "Language: language", "Condition: condition", "Grade: grade",
                "Unit Cost: cost", "Currency: currency", "Acquired On: acquired_on", "Binder: binder", "Notes: notes",
                "CardVault Id: variant_id",
            ),
            conditions={condition: condition.value for condition in Condition},
            languages={code: code for code in NAMES},
            finishes=_ALL_FINISHES,
        ),
        Format(
            slug="archidekt",
            name="Archidekt",
            columns=_columns(
                "Quantity: quantity", "Name: name", "Finish: finish", "Condition: condition", "Date Added: acquired_on",
                "Language: language", "Purchase Price: cost", "Tags", "Edition Name: set_name", "Edition Code: set_code",
                "Multiverse Id", "Scryfall ID: scryfall", "Collector Number: number",
            ),
            conditions=_LETTERS,
            languages={code: code.upper() for code in _CODES} | {
                "ja": "JP", "ko": "KR", "es": "SP", "zh": "CS", "zh-tw": "CT"
            },
            finishes={Finish.NORMAL: "Normal", Finish.FOIL: "Foil", Finish.ETCHED: "Etched"},
        ),
        Format(
            slug="cardmarket",
            name="Cardmarket stock",
            columns=_columns(
                "idProduct: cardmarket", "groupCount: quantity", "price: cost", "idLanguage: language",
                "condition: condition", "isFoil: finish", "isSigned", "isAltered", "isPlayset", "isReverseHolo: reverse",
                "isFirstEd: first_edition", "isFullArt", "isUberRare", "isWithDie",
            ),
            conditions=_conditions("2", "3", "4", "6", "7"),
            languages=CARDMARKET_LANGUAGES,
            finishes={
                Finish.NORMAL: "", Finish.FOIL: "1", Finish.REVERSE_HOLOFOIL: "", Finish.FIRST_EDITION: "",
                Finish.FIRST_EDITION_HOLOFOIL: "1",
            },
            site="cardmarket",
            delimiter=";",
            currency="EUR",
        ),
        Format(
            slug="deckbox",
            name="Deckbox",
            columns=_columns(
                "Count: quantity", "Tradelist Count = 0", "Name: name", "Edition: set_name", "Edition Code: set_code",
                "Card Number: number", "Condition: condition", "Language: language", "Foil: finish", "Signed",
                "Artist Proof", "Altered Art", "Misprint", "Promo", "Textless", "Printing Id", "Printing Note", "Tags",
                "My Price: cost", "Cost", "Rarity", "Price", "TcgPlayer ID: tcgplayer", "Scryfall ID: scryfall",
            ),
            conditions=_MOXFIELD,
            languages=_NAMED,
            finishes=_FOIL,
        ),
        Format(
            slug="delver",
            name="Delver Lens",
            columns=_columns(
                "Name: name", "Acquired Price: cost", "Language: language", "Set Code: set_code",
                "TCGPlayer Product ID: tcgplayer", "Number: number", "Foil: finish", "Quantity: quantity",
            ),
            languages=_NAMED,
            finishes={Finish.NORMAL: "", Finish.FOIL: "Foil"},
            quotes_all=True,
        ),
        Format(
            slug="delver-counts",
            name="Delver Lens, foils counted apart",
            columns=_columns(
                "Reg Qty: quantity", "Foil Qty: foil_quantity", "Name: name", "Set: set", "Acquired: cost",
                "Language: language",
            ),
            languages=_NAMED,
            finishes={Finish.NORMAL: "", Finish.FOIL: ""},
        ),
        Format(
            slug="dragonshield",
            name="Dragon Shield",
            columns=_columns(
                "Folder Name: binder", "Quantity: quantity", "Trade Quantity = 0", "Card Name: name",
                "Set Code: set_code", "Set Name: set_name", "Card Number: number", "Condition: condition",
                "Printing: finish", "Language: language", "Price Bought: cost", "Date Bought: acquired_on", "LOW", "MID",
                "MARKET",
            ),
            conditions=_EUROPEAN,
            languages=_NAMED,
            finishes={
                finish: word for finish, word in _ALL_FINISHES.items() if finish not in (Finish.ETCHED, Finish.SEALED)
            },
            site="dragonshield",
            first_line='"sep=,"',
        ),
        Format(
            slug="manabox",
            name="ManaBox",
            columns=_columns(
                "Binder Name: binder", "Binder Type = binder: owned", "Name: name", "Set code: set_code",
                "Set name: set_name", "Collector number: number", "Foil: finish", "Rarity", "Quantity: quantity",
                "ManaBox ID", "Scryfall ID: scryfall", "Purchase price: cost", "Misprint = false", "Altered = false",
                "Condition: condition", "Language: language", "Purchase price currency: currency", "Added: acquired_on",
            ),
            conditions=_conditions("near_mint", "excellent", "good", "played", "poor"),
            languages=_CODES | {"zh": "zh_CN", "zh-tw": "zh_TW"},
            finishes={Finish.NORMAL: "normal", Finish.FOIL: "foil", Finish.ETCHED: "etched"},
            site="manabox",
        ),
        Format(
            slug="moxfield",
            name="Moxfield",
            columns=_columns(
                "Count: quantity", "Tradelist Count = 0", "Name: name", "Edition: set_code", "Condition: condition",
                "Language: language", "Foil: finish", "Tags", "Last Modified", "Collector Number: number",
                "Alter = False", "Proxy = False", "Purchase Price: cost",
            ),
            conditions=_MOXFIELD,
            languages=_NAMED,
            finishes=_FOIL | {Finish.ETCHED: "etched"},
            quotes_all=True,
        ),
        Format(
            slug="mtggoldfish",
            name="MTGGoldfish",
            columns=_columns(
                "Card: name", "Set ID: set_code", "Set Name: set_name", "Quantity: quantity", "Foil: finish",
                "Variation", "Collector Number: number", "Scryfall ID: scryfall",
            ),
            finishes={Finish.NORMAL: "regular", Finish.FOIL: "foil", Finish.ETCHED: "foil_etched"},
        ),
        Format(
            slug="tcgplayer",
            name="TCGplayer app",
            columns=_columns(
                "Quantity: quantity", "Name: name", "Simple Name", "Set: set_name", "Card Number: number",
                "Set Code: set_code", "Printing: finish", "Condition: condition", "Language: language", "Rarity",
                "Product ID: tcgplayer", "SKU",
            ),
            conditions=_WORDS,
            languages=_NAMED,
            finishes={finish: word for finish, word in _ALL_FINISHES.items() if finish != Finish.SEALED},
        ),
        Format(
            slug="tcgplayer-seller",
            name="TCGplayer seller",
            columns=_columns(
                "TCGplayer Id", "Product Line", "Set Name: set_name", "Product Name: name", "Title", "Number: number",
                "Rarity", "Condition: condition", "TCG Market Price", "TCG Direct Low", "TCG Low Price With Shipping",
                "TCG Low Price", "Total Quantity: quantity", "Add to Quantity", "TCG Marketplace Price", "Photo URL",
            ),
            conditions=_WORDS,
        ),
        Format(
            slug="topdecked",
            name="TopDecked",
            columns=_columns(
                "QUANTITY: quantity", "NAME: name", "SETCODE: set_code", "SETNAME: set_name", "COLLECTOR NUMBER: number",
                "FINISH: finish", "PRICE", "RARITY", "ID: scryfall", "ACQUIRED DATE: acquired_on",
                "ACQUIRED PRICE: cost", "LANG: language", "PRICE SALE", "SIGNING", "ALTERATION = false",
                "CONDITION: condition", "NOTES: notes", "TAGS",
            ),
            conditions=_conditions("near mint", "slightly played", "moderately played", "heavily played", "damaged"),
            languages=_CODES | {"zh": "zhs", "zh-tw": "zht"},
            finishes={Finish.NORMAL: "nonfoil", Finish.FOIL: "foil", Finish.ETCHED: "etched"},
        ),
        Format(
            slug="collectr",
            name="Collectr",
            columns=_columns(
                "Portfolio Name: binder", "Category", "Set: set_name", "Product Name: name", "Card Number: number",
                "Rarity", "Variance: finish", "Grade: grade", "Card Condition: condition", "Average Cost Paid: cost",
                "Quantity: quantity", "Market Price", "Price Override", "Watchlist = false", "Date Added: acquired_on",
                "Notes: notes",
            ),
            conditions=_WORDS,
            finishes={finish: word for finish, word in _ALL_FINISHES.items() if finish != Finish.SEALED},
        ),
    )
}  # fmt: skip

# Headings of files that are none of these: what a column most likely says.
_OTHER_HEADINGS: dict[str, str] = {
    **{key_of(each): says for says, label in FIELDS.items() for each in (says, label)},
    **dict.fromkeys(["qty", "count", "amount", "copies", "totalquantity", "groupcount", "regqty"], "quantity"),
    **dict.fromkeys(["howmany", "pcs", "pieces", "numberowned"], "quantity"),
    **dict.fromkeys(["card", "cardname", "product", "productname", "title"], "name"),
    **dict.fromkeys(["edition", "expansion", "set", "setid"], "set"),
    **dict.fromkeys(["editioncode", "setabbreviation", "setcode"], "set_code"),
    **dict.fromkeys(["editionname", "expansionname", "setname"], "set_name"),
    **dict.fromkeys(["collectornumber", "collectorsnumber", "cardnumber", "no", "nr", "num", "number"], "number"),
    **dict.fromkeys(["foil", "finish", "printing", "variance", "isfoil"], "finish"),
    **dict.fromkeys(["lang", "idlanguage", "language"], "language"),
    **dict.fromkeys(["cond", "cardcondition", "condition", "wear", "quality"], "condition"),
    **dict.fromkeys(["acquireprice", "acquiredprice", "pricebought", "purchaseprice", "unitcost", "acquired"], "cost"),
    **dict.fromkeys(["paid", "pricepaid", "ipaid", "boughtfor", "buyprice", "purchasecost"], "cost"),
    **dict.fromkeys(["acquiredate", "acquireddate", "datebought", "dateadded", "added"], "acquired_on"),
    **dict.fromkeys(["bought", "boughton", "purchasedate", "dateacquired"], "acquired_on"),
    **dict.fromkeys(["folder", "foldername", "bindername", "portfolioname", "location"], "binder"),
    **dict.fromkeys(["scryfallid"], "scryfall"),
    **dict.fromkeys(["tcgplayerproductid", "tcgplayerid", "tcgplayerproductid"], "tcgplayer"),
    **dict.fromkeys(["idproduct", "cardmarketid", "mcmid"], "cardmarket"),
    **dict.fromkeys(["note", "mynote", "mynotes", "comment", "comments", "remark", "remarks"], "notes"),
}


@dataclass(frozen=True)
class Detected:
    """What a heading tells: the format ("" where it is none of ours), and the field of each column ("" for none)."""

    slug: str
    mapping: tuple[str, ...]

    @property
    def name(self) -> str:
        """The format in words."""
        return FORMATS[self.slug].name if self.slug else "Another file"


def detect(headings: list[str]) -> Detected:
    """The format whose columns a heading has, in any order: most of a format's columns, and all that carry the card.

    Of several the one with the largest share of common columns, counted over both.
    """
    keys = [key_of(heading) for heading in headings]
    best, best_share = None, 0.6
    for each in FORMATS.values():
        own = {key_of(column.heading) for column in each.columns}
        share = len(own & set(keys)) / len(own | set(keys))
        if share > best_share:
            best, best_share = each, share
    known = {key_of(column.heading): column.says for column in best.columns} if best else _OTHER_HEADINGS
    mapping: list[str] = []
    for key in keys:
        says = known.get(key, _OTHER_HEADINGS.get(key, "") if best is None else "")
        mapping.append("" if says in mapping else says)
    return Detected(best.slug if best else "", tuple(mapping))


def is_heading(cells: list[str]) -> bool:
    """Whether a first line names columns: at least two of its cells, or all of one or two, are headings that we know."""
    told = [cell for cell in cells if cell.strip()]
    known = sum(
        key_of(cell) in _OTHER_HEADINGS
        or any(key_of(cell) == key_of(c.heading) for f in FORMATS.values() for c in f.columns)
        for cell in told
    )
    return known >= 2 or (0 < known == len(told)) or (known == 1 and len(told) == 2)
