"""REST routes of imports and exports, below /api/v1/inventory/."""

from django.urls import path

from apps.inventory.exchange import api, api_exports

urlpatterns = [
    path("imports", api.ImportList.as_view(), name="api-imports"),
    path("imports/<uuid:pk>", api.ImportDetail.as_view(), name="api-import"),
    path("imports/<uuid:pk>/read", api.ImportRead.as_view(), name="api-import-read"),
    path("imports/<uuid:pk>/add", api.ImportAdd.as_view(), name="api-import-add"),
    path("imports/<uuid:pk>/cancel", api.ImportCancel.as_view(), name="api-import-cancel"),
    path("imports/<uuid:pk>/undo", api.ImportUndo.as_view(), name="api-import-undo"),
    path("imports/<uuid:pk>/lines", api.ImportLines.as_view(), name="api-import-lines"),
    path("imports/<uuid:pk>/lines/<int:line>", api.ImportLineDetail.as_view(), name="api-import-line"),
    path("exports", api_exports.ExportList.as_view(), name="api-exports"),
    path("exports/<slug:layout>", api_exports.ExportFile.as_view(), name="api-export"),
]
