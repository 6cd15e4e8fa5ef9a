"""Files in a bucket, over HTTP with a server that speaks S3's protocol: what is private is had by a signed link alone."""

from __future__ import annotations

import io
import json
import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from moto.server import ThreadedMotoServer
from PIL import Image

from apps.core import images
from apps.core.media import PUBLIC, Media
from config.env import ROOT, Environment, SettingsError, environment
from config.settings.base import media_pages

CDN = "https://cdn.example.com"
PRIVATE = (
    "evidence/1/a.jpg", "evidence/1/a.pdf", "scans/1/a.512.webp", "items/1/a.jpg", "imports/a.csv", "privacy/a.zip",
    "catalogue/a.jpg", "catalog", "/catalog/a.jpg", "catalog/../evidence/1/a.jpg", "catalog\\..\\evidence\\a.jpg",
)  # fmt: skip


@pytest.fixture(scope="module")
def server():
    running = ThreadedMotoServer("127.0.0.1", 0)
    running.start()
    yield "http://{}:{}".format(*running.get_host_and_port())
    running.stop()


@pytest.fixture(scope="module")
def bucket(server):
    """The storage as config.settings.base makes it, with a bucket of its own, empty."""
    made = Media(
        bucket_name="cards", endpoint_url=server, region_name="eu-central-1", file_overwrite=False, cdn=CDN,
        signature_version="s3v4", access_key="ours", secret_key="only-for-tests",
    )  # fmt: skip
    place = {"LocationConstraint": "eu-central-1"}
    made.connection.meta.client.create_bucket(Bucket="cards", CreateBucketConfiguration=place)
    return made


@pytest.fixture
def storage(bucket, monkeypatch):
    monkeypatch.setattr(images, "default_storage", bucket)
    return bucket


def asked(address: str) -> tuple[int, bytes, str]:
    """Status, content, Cache-Control."""
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read(), answer.headers["Cache-Control"]
    except urllib.error.HTTPError as error:
        return error.code, b"", ""


def test_a_picture_of_evidence_is_had_by_a_signed_link_alone(storage, server):
    stored = images.store(Image.new("RGB", (40, 50), "teal"), folder="evidence/1")
    for size in (None, 128, 512):
        link = images.url(stored.name, size)
        assert link.startswith(f"{server}/cards/evidence/1/") and "X-Amz-Signature=" in link
        assert "X-Amz-Expires=3600" in link
        status, content, kept = asked(link)
        assert (status, kept) == (200, "private, max-age=3600")
        assert Image.open(io.BytesIO(content)).size == (40, 50)
        assert asked(link.partition("?")[0])[0] == 403


def test_a_picture_of_the_catalogue_comes_from_the_cdn_and_stays_in_browsers(storage, server):
    stored = images.store(Image.new("RGB", (40, 50), "teal"), folder="catalog")
    assert images.url(stored.name, 256) == f"{CDN}/{images.thumbnail_name(stored.name, 256)}"
    assert asked(f"{server}/cards/{stored.name}")[0] == 403  # the bucket shows it to the CDN, to nobody else
    kept = storage.connection.meta.client.head_object(Bucket="cards", Key=stored.name)["CacheControl"]
    assert kept == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", PRIVATE)
def test_nothing_else_ever_has_an_address_without_a_signature(bucket, name):
    link = bucket.url(name)
    assert not link.startswith(CDN) and "X-Amz-Signature=" in link


def test_without_a_cdn_the_catalogue_is_signed_too(bucket, server):
    plain = Media(bucket_name="cards", endpoint_url=server, region_name="eu-central-1", access_key="a", secret_key="b")
    assert "Signature=" in plain.url("catalog/a.jpg")


def test_a_link_is_the_same_for_a_while_so_that_browsers_keep_the_picture(bucket):
    assert bucket.url("items/1/a.jpg") == bucket.url("items/1/a.jpg")
    assert bucket.url("items/1/a.jpg") != bucket.url("items/1/b.jpg")
    assert "X-Amz-Expires=60" in bucket.url("items/1/a.jpg", expire=60)


def test_files_are_listed_read_and_removed_as_on_a_disk(bucket):
    name = bucket.save("imports/one.csv", ContentFile(b"name\nPikachu\n"))
    again = bucket.save("imports/one.csv", ContentFile(b"other"))
    assert again != name  # nothing is written over
    assert sorted(bucket.listdir("imports")[1]) == sorted(each.removeprefix("imports/") for each in (name, again))
    with bucket.open(name, "rb") as stream:
        assert stream.readline() == b"name\n"
    bucket.delete(name)
    assert (bucket.exists(name), bucket.exists(again)) == (False, True)


@pytest.mark.parametrize(
    ("region", "endpoint"), [("eu-central-1", ""), ("us-east-1", ""), ("us-east-1", "http://media.localhost:8080")]
)
def test_pages_allow_pictures_from_where_links_lead(region, endpoint):
    env = Environment(s3_bucket="cards", s3_region=region, s3_endpoint_url=endpoint, media_cdn=CDN)
    how = {"endpoint_url": endpoint} if endpoint else {"addressing_style": "virtual"}
    made = Media(
        bucket_name="cards", region_name=region, signature_version="s3v4", access_key="a", secret_key="b", **how
    )
    origin = urlsplit(made.url("items/a.jpg"))
    assert media_pages(env) == [f"{origin.scheme}://{origin.netloc}", CDN]


def test_the_policy_of_the_document_lets_a_cdn_read_what_is_public_and_nothing_more():
    policy = json.loads(re.search(r"```json\n(.*?)```", (ROOT / "docs/scale.md").read_text(), re.DOTALL)[1])
    statement = policy["Statement"][0]
    assert (len(policy["Statement"]), statement["Effect"], statement["Action"]) == (1, "Allow", "s3:GetObject")
    assert statement["Resource"] == [f"arn:aws:s3:::BUCKET/{folder}*" for folder in PUBLIC]
    assert statement["Principal"] != "*"


@pytest.mark.parametrize("address", ["cdn.example.com", "https://cdn.example.com/pictures", "https://cdn x"])
def test_a_cdn_is_named_by_its_origin(monkeypatch, address):
    monkeypatch.setenv("MEDIA_CDN", address)
    environment.cache_clear()
    try:
        with pytest.raises(SettingsError, match="MEDIA_CDN is wrong"):
            environment()
    finally:
        environment.cache_clear()
    monkeypatch.setenv("MEDIA_CDN", "https://cdn.example.com/")
    assert Environment().media_cdn == CDN
