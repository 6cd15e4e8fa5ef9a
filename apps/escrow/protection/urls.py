"""Routes of purchase protection's figures, web and REST."""

from django.urls import path

from apps.escrow.protection import api, views

urlpatterns = [path("protection/figures/", views.figures, name="protection-figures")]
api_urlpatterns = [path("protection", api.ProtectionFigures.as_view(), name="api-protection")]
