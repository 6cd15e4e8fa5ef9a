"""Which reads may go to a replica. That a real one streams and answers them: `make scale`."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from apps.accounts.models import User
from apps.catalog.models import Category
from apps.escrow.models import Hold
from config.replicas import Replicas, reads

MEMBER, OTHER = {"Authorization": "Bearer one"}, {"Authorization": "Bearer two"}
make = RequestFactory()


@pytest.fixture(autouse=True)
def _nobody_has_written():
    cache.clear()
    yield
    cache.clear()


def answered_by(request, model=Category, *, before=lambda: None) -> str:
    found = []

    def view(_request):
        before()
        found.append(Replicas().db_for_read(model))
        return HttpResponse()

    reads(view)(request)
    return found[0]


def write() -> None:
    Replicas().db_for_write(Category)


def test_pages_of_what_everybody_sees_are_read_from_the_replica():
    assert answered_by(make.get("/")) == answered_by(make.get("/", headers=MEMBER)) == "replica"


@pytest.mark.parametrize("model", [User, Hold])
def test_money_and_rights_are_not(model):
    assert answered_by(make.get("/"), model) == "default"


def test_tasks_and_commands_read_from_the_primary():
    assert Replicas().db_for_read(Category) == "default"


def test_who_writes_reads_what_was_written_and_others_need_not():
    assert answered_by(make.post("/", headers=MEMBER)) == "default"
    assert answered_by(make.get("/", headers=MEMBER)) == "default"
    assert answered_by(make.get("/", headers=OTHER)) == "replica"


def test_a_page_that_writes_counts_as_well():
    assert answered_by(make.get("/", headers=MEMBER), before=write) == "default"
    assert answered_by(make.get("/", headers=MEMBER)) == "default"


def test_after_a_while_the_replica_has_it(settings):
    settings.REPLICA_LAG_SECONDS = 0
    answered_by(make.post("/", headers=MEMBER))
    assert answered_by(make.get("/", headers=MEMBER)) == "replica"


@pytest.mark.django_db
def test_a_transaction_reads_where_it_writes():
    assert connection.in_atomic_block  # the test's own
    assert answered_by(make.get("/")) == "default"


def test_the_replica_is_not_migrated():
    assert Replicas().allow_migrate("default", "catalog") and not Replicas().allow_migrate("replica", "catalog")
