"""Web and REST routes of the block list."""

from django.urls import path

from apps.accounts.blocks import api, views

urlpatterns = [
    path("me/blocks/", views.blocks, name="blocks"),
    path("members/<uuid:pk>/block/", views.block, name="block"),
]
api_urlpatterns = [
    path("blocks", api.BlockList.as_view(), name="api-blocks"),
    path("blocks/<uuid:pk>", api.BlockDetail.as_view(), name="api-block"),
]
