"""Web routes of imports and exports, below /inventory/."""

from django.urls import path

from apps.inventory.exchange import views

urlpatterns = [
    path("import/", views.new_import, name="import-new"),
    path("import/<uuid:pk>/", views.one_import, name="import"),
    path("import/<uuid:pk>/read/", views.begin_reading, name="import-read"),
    path("import/<uuid:pk>/dismiss/", views.dismiss, name="import-dismiss"),
    *(
        path(f"import/<uuid:pk>/{name}/", views.step, {"name": name}, name=f"import-{name}")
        for name in ("add", "cancel", "undo", "map")
    ),
    path("import/<uuid:pk>/lines/<int:number>/", views.line, name="import-line"),
    path("import/<uuid:pk>/lines/<int:number>/<int:part>/", views.line, name="import-line"),
    path("export/", views.export, name="export"),
    path("export/file/", views.export_file, name="export-file"),
]
