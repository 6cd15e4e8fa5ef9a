"""Indexes that hold what search counts and sorts, so that it does not look for rows all over the table."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the indexes are made while the market goes on

    dependencies = [("listings", "0007_watching")]

    operations = [
        AddIndexConcurrently(
            model_name="searchrow",
            index=models.Index(
                fields=["product_id", "price_minor"],
                include=["listing", "seller_id", "listed_at", "deal", "bucket", "tags"],
                name="search_product_covering",
            ),
        ),
        AddIndexConcurrently(
            model_name="searchrow",
            index=models.Index(
                fields=["price_minor", "listing"],
                include=["product_id", "seller_id", "bucket", "tags"],
                name="search_price_covering",
            ),
        ),
        AddIndexConcurrently(
            model_name="searchrow",
            index=models.Index(
                fields=["bucket"],
                include=["product_id", "seller_id", "price_minor", "tags"],
                condition=models.Q(bucket__lt=50),
                name="search_sample_covering",
            ),
        ),
        RemoveIndexConcurrently(model_name="searchrow", name="search_by_product"),
        RemoveIndexConcurrently(model_name="searchrow", name="search_by_price"),
    ]
