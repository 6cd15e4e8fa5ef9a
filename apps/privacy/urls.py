"""Web and REST routes of privacy."""

from django.urls import path

from apps.privacy import api, views

urlpatterns = [
    path("privacy/", views.privacy, name="privacy"),
    path("me/data/", views.my_data, name="my-data"),
    path("me/data/export/", views.ask_export, name="data-export-ask"),
    path("me/data/export/<uuid:pk>/", views.download, name="data-export-download"),
    path("me/data/delete/", views.ask_erasure, name="erasure-ask"),
    path("me/data/keep/", views.cancel_erasure, name="erasure-cancel"),
]
api_urlpatterns = [
    path("me/data-export", api.DataExports.as_view(), name="api-data-export"),
    path("me/data-export/<uuid:pk>/file", api.DataExportFile.as_view(), name="api-data-export-file"),
    path("me/erasure", api.MyErasure.as_view(), name="api-erasure"),
]
