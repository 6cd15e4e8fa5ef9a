"""The first sale, from a photograph to settled money, over the REST API.

Start the demo (`make demo`), then run this beside it:

    .venv/bin/python docs/examples/first_sale.py PHOTO.jpg

The same recognition from the command line: `.venv/bin/python manage.py identify PHOTO.jpg --json`.
"""

import sys
import time
import uuid
from pathlib import Path

import httpx

SITE = "http://127.0.0.1:8000"
PASSWORD = "collect-2026"
ADDRESS = {"name": "Bea Buyer", "line1": "2 Market St", "city": "Springfield", "postal_code": "12345", "country": "US"}


class Member:
    """Somebody who is signed in to the API."""

    def __init__(self, email: str) -> None:
        self.http = httpx.Client(base_url=f"{SITE}/api/v1/", timeout=30)
        tokens = self.post("auth/login", json={"email": email, "password": PASSWORD})
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def get(self, path: str) -> dict:
        return self._answer(self.http.get(path))

    def post(self, path: str, **body: object) -> dict:
        return self._answer(self.http.post(path, **body))

    def patch(self, path: str, **body: object) -> dict:
        return self._answer(self.http.patch(path, **body))

    def _answer(self, response: httpx.Response) -> dict:
        if response.is_error:
            problem = response.json()["error"]
            sys.exit(f"{response.request.method} {response.request.url.path}: {problem['message']} ({problem['code']})")
        return response.json()


def scan(seller: Member, photo: Path) -> dict:
    """Send the photo and wait until it has been looked at."""
    with photo.open("rb") as file:
        started = seller.post("scans", files={"photos": (photo.name, file)})
    while True:
        found = seller.get(f"scans/{started['id']}")
        if found["state"] not in {"queued", "running"}:
            return found
        time.sleep(1)


def main(photo: Path) -> None:
    """Scan, confirm, list, buy, pay, ship, receive, release."""
    seller, buyer = Member("seller@demo.cardvault.example"), Member("buyer@demo.cardvault.example")

    found = scan(seller, photo)
    cards = [card for each in found["photos"] for card in each["cards"] if card["candidates"]]
    if not cards:
        sys.exit("No card was recognised in this photo.")
    for card in cards:
        best = card["candidates"][0]
        sure = "" if card["decided"] else "not sure: "
        print(
            f"found  {sure}{best['card_name']} {best['set_identifier']} {best['card_number']}, {best['probability']:.0%}"
        )

    first = cards[0]
    seller.patch(
        f"scans/cards/{first['id']}", json={"variant_id": first["candidates"][0]["variant_id"], "condition": "NM"}
    )
    confirmed = seller.post(f"scans/{found['id']}/confirm")
    item_id = next(c["item_id"] for each in confirmed["photos"] for c in each["cards"] if c["id"] == first["id"])
    item = seller.get(f"inventory/{item_id}")
    print(f"kept   {item['card_name']}, worth {item['unit_value'] or 'not known yet'}")

    price = round((item["unit_value"] or 5) * 100)
    listing = seller.post("listings", json={"item_id": item_id, "price_minor": max(price, 100)})
    print(f"listed for {listing['price_minor'] / 100:.2f} {listing['currency']}")

    trade = buyer.post(
        "trades", json={"listing_id": listing["id"], "ship_to": ADDRESS, "request_key": str(uuid.uuid4())}
    )
    payment = buyer.post(f"trades/{trade['id']}/pay", json={"payment_method": "pm_card_visa"})
    print(f"paid   {trade['total_minor'] / 100:.2f}: {payment['state']}, the money is held")

    seller.post(f"trades/{trade['id']}/ship", json={"carrier": "Post", "tracking_number": "LX123456789"})
    buyer.post(f"trades/{trade['id']}/receive")
    trade = buyer.post(f"trades/{trade['id']}/release")
    print(f"done   {trade['stage']}: the seller gets {(trade['total_minor'] - trade['fee_minor']) / 100:.2f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
