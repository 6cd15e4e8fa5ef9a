"""Web routes of the inventory."""

from django.urls import include, path

from apps.inventory import views
from apps.inventory.portfolio import views as portfolio

urlpatterns = [
    path("inventory/", views.inventory, name="inventory"),
    path("inventory/binders/", views.new_binder, name="binder-new"),
    path("inventory/add/<uuid:variant>/", views.add, name="inventory-add"),
    path("inventory/<uuid:pk>/", views.item, name="item"),
    path("inventory/<uuid:pk>/photos/", views.add_photo, name="item-photo"),
    path("inventory/<uuid:pk>/photos/<uuid:photo>/remove/", views.remove_photo, name="item-photo-remove"),
    path("inventory/<uuid:pk>/remove/", views.remove, name="item-remove"),
    path("inventory/", include("apps.inventory.exchange.urls")),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/work-out/", portfolio.work_out, name="portfolio-work-out"),
    path("portfolio/progress/", portfolio.work_progress, name="portfolio-progress"),
]
