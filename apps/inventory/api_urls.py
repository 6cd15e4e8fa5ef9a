"""REST routes of the inventory."""

from django.urls import path

from apps.inventory import api

urlpatterns = [
    path("inventory", api.InventoryList.as_view(), name="api-inventory"),
    path("inventory/<uuid:pk>", api.InventoryDetail.as_view(), name="api-item"),
]
