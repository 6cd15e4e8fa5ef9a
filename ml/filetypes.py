"""Files that people send for photos and that are none, or none that we read: told by their first bytes, with what to do."""

_JPEG_PLEASE = "Send it as JPEG, PNG or WebP."
_ISO_BRANDS = {
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
        "This is a HEIC photo. Send it as JPEG: in the phone's camera settings, choose 'most compatible', "
        "or share the photo to a program that saves JPEG.",
    ),
    **dict.fromkeys((b"avif", b"avis"), f"This is an AVIF picture. {_JPEG_PLEASE}"),
    **dict.fromkeys(
        (b"qt  ", b"mp41", b"mp42", b"isom", b"iso2", b"M4V ", b"3gp4", b"3gp5"),
        "This is a film. Send a photo: a single, sharp picture says more than a film.",
    ),
    b"crx ": f"This is a camera's raw file. {_JPEG_PLEASE}",
}
_BEGINNINGS = (
    (b"%PDF", f"This is a PDF. Photograph or scan the cards as pictures. {_JPEG_PLEASE}"),
    (b"PK\x03\x04", "This is a packed file or a document. Send the photos themselves, up to 24 at once."),
    (b"Rar!", "This is a packed file. Send the photos themselves, up to 24 at once."),
    (b"\x1aE\xdf\xa3", "This is a film. Send a photo: a single, sharp picture says more than a film."),
    (b"FUJIFILM", f"This is a camera's raw file. {_JPEG_PLEASE}"),
    (b"8BPS", f"This is a Photoshop file. {_JPEG_PLEASE}"),
    (b"\xff\x0a", f"This is a JPEG XL picture. {_JPEG_PLEASE}"),
    (b"\x00\x00\x00\x0cJXL ", f"This is a JPEG XL picture. {_JPEG_PLEASE}"),
)

ANIMATED = "This is an animation. Send a photo: one still picture."


def known_as(content: bytes) -> str:
    """What a file is that cannot be read as a photo, and what to do; empty for pictures, and for what nobody knows."""
    if content[4:8] == b"ftyp":
        brands = [content[8:12], *(content[i : i + 4] for i in range(16, min(len(content), 64), 4))]
        for brand in brands:
            if brand in _ISO_BRANDS:
                return _ISO_BRANDS[brand]
    for beginning, said in _BEGINNINGS:
        if content.startswith(beginning):
            return said
    if b"<svg" in content[:1000].lower():
        return f"This is a drawing made of lines (SVG). {_JPEG_PLEASE}"
    if content[:1000].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "This is a web page, not a photo. Save the picture itself, or photograph the card."
    return ""
