"""Web routes of alerts."""

from django.urls import path

from apps.alerts import views

urlpatterns = [
    path("alerts/", views.rules, name="alerts"),
    path("alerts/history/", views.history, name="alerts-history"),
    path("alerts/new/card/<uuid:pk>/", views.new_for_card, name="alert-new"),
    path("alerts/new/many/", views.new_for_many, name="alert-new-many"),
    path("alerts/new/inventory/", views.new_for_inventory, name="alert-new-inventory"),
    path("alerts/<uuid:pk>/", views.rule, name="alert"),
    path("alerts/<uuid:pk>/on/", views.set_on, name="alert-on"),
    path("alerts/<uuid:pk>/delete/", views.delete, name="alert-delete"),
]
