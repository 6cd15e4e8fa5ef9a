"""PDFs as members send them."""

from __future__ import annotations

import io

from reportlab.pdfgen import canvas


def pdf_of(*pages: str, link: str = "") -> bytes:
    buffer = io.BytesIO()
    drawn = canvas.Canvas(buffer)
    drawn.setTitle("Ada's private title")
    for words in pages:
        drawn.drawString(100, 700, words)
        if link:
            drawn.linkURL(link, (0, 0, 100, 100))
        drawn.showPage()
    drawn.save()
    return buffer.getvalue()
