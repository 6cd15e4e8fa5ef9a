"""Identifying by barcode: the number under the bars means one product, or one that the catalogue does not have yet."""

import numpy as np

from ml import gtin
from ml.barcode import Barcode, BarcodeReader
from ml.identify.fused import MOST, prior
from ml.identify.types import BARCODE, Answer, BoxCatalogue, Clue, Look
from ml.types import Reading

KNOWN = 8.0
"""Log odds of the product whose code was read. A misread code passes its check digit one time in ten and is then in the
catalogue one time in a million; that a shop stuck its own code on, or a source got it wrong, is likelier: three in ten
thousand."""

ANOTHER = -MOST
"""What a code that means one product says of every other."""


class BarcodeIdentifier:
    """Reads EAN and UPC codes and looks them up."""

    name = BARCODE
    version = BarcodeReader.version
    confidence_factors = ("bars wide enough", "one product in sight")

    def __init__(self, catalogue: BoxCatalogue, reader: BarcodeReader | None = None) -> None:
        self.catalogue = catalogue
        self.reader = reader or BarcodeReader()

    def identify(self, look: Look) -> Answer:
        """See `ml.identify.types.Identifier`. Codes of several products are said, and leave it undecided."""
        codes = look.barcodes or tuple(self.reader.read(look.photo, effort="thorough"))
        if not codes:
            return Answer(self.name)
        known = self.catalogue.by_barcode([code.value for code in codes])
        products = {entry.key: code for code, entry in known.items()}
        worth = KNOWN - prior(self.catalogue.size(look.plan.game)) - (0.0 if len(products) == 1 else KNOWN)
        clues = tuple(Clue(key, worth, {"barcode": 1.0}, ("the barcode is this product's",)) for key in products)
        read = next(iter(products.values()), codes[0].value)
        factors = {
            "bars wide enough": float(np.clip(_module_width(codes[0]) / 2.0, 0.0, 1.0)),
            "one product in sight": 1.0 if len(products) <= 1 else 0.5,
        }
        unknown = () if known else (unknown_barcode(read),)
        several = ("Barcodes of several products are in sight: photograph one at a time.",) if len(products) > 1 else ()
        return Answer(
            self.name,
            clues,
            ANOTHER if known else 0.0,
            "the barcode is another product's" if known else "",
            factors,
            Reading(barcode=gtin.printed(read)),
            (*unknown, *several),
        )


def unknown_barcode(value: str) -> str:
    """What to say where no product has this barcode."""
    return (
        f"The barcode {gtin.printed(value)} is not in the catalogue yet. Search for the product by name or number; "
        "a moderator can add the barcode to it."
    )


def _module_width(code: Barcode) -> float:
    """Pixels of the thinnest bar: a code is 95 of them wide."""
    return max(code.quad.width, code.quad.height) / 95.0
