"""REST: how a member stands as a seller with the reviews that everybody sees, and the answer to one."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import queries as accounts
from apps.accounts.standing.queries import in_words, standing_of
from apps.core.errors import NotFound
from apps.core.reading import MemberRead
from apps.trades import queries
from apps.trades.models import Review
from apps.trades.reputation import reviews

LATEST = 20


class ReviewOutput(serializers.Serializer):
    """A visible review with the answer to it."""

    id = serializers.UUIDField()
    author_id = serializers.UUIDField()
    rating = serializers.IntegerField()
    described = serializers.IntegerField(allow_null=True)
    packing = serializers.IntegerField(allow_null=True)
    speed = serializers.IntegerField(allow_null=True)
    body = serializers.CharField()
    answer = serializers.CharField()
    created_at = serializers.DateTimeField()


class StandingOutput(serializers.Serializer):
    """A seller's standing; score is null for new sellers. The formula is published at /standing/."""

    standing = serializers.CharField()
    score = serializers.IntegerField(allow_null=True)
    sales = serializers.IntegerField()
    paid_sales = serializers.IntegerField()
    good_sales = serializers.IntegerField()
    parcels = serializers.IntegerField()
    quick_parcels = serializers.IntegerField()
    reviews = serializers.IntegerField()
    stars = serializers.IntegerField(help_text="the sum of the ratings")
    latest_reviews = ReviewOutput(many=True)


class Standing(MemberRead):
    """How a member stands as a seller."""

    permission_classes = [AllowAny]

    @extend_schema(tags=["members"], operation_id="standing", responses=StandingOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """What the score is made of, and the latest visible reviews."""
        member = accounts.member(pk)
        known = standing_of(pk)
        sales = known.sales if known else 0
        told = {
            "standing": in_words(known.score if known else None, sales),
            "score": known.score if known and not known.is_new else None,
            "sales": sales,
            "paid_sales": known.paid if known else 0,
            "good_sales": known.good if known else 0,
            "parcels": known.shipped if known else 0,
            "quick_parcels": known.quick if known else 0,
            "reviews": known.reviews if known else 0,
            "stars": known.stars if known else 0,
            "latest_reviews": queries.visible_reviews(subject=member)[:LATEST],
        }
        return Response(StandingOutput(told).data)


class ReviewAnswerInput(serializers.Serializer):
    """One's own words below a review."""

    answer = serializers.CharField(max_length=1000)


class Answer(APIView):
    """The answer to a review of oneself."""

    required_scopes = {"POST": "trades:write"}

    @extend_schema(tags=["members"], operation_id="review_answer", request=ReviewAnswerInput, responses=ReviewOutput)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Answer it, once."""
        found = Review.objects.filter(pk=pk, subject=request.user).first()
        if found is None:
            raise NotFound("There is no such review of you.")
        wanted = ReviewAnswerInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = reviews.answer(review=found, by=request.user, text=wanted.validated_data["answer"])
        return Response(ReviewOutput(made).data)
