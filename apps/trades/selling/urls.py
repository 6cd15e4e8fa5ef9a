"""Web routes of the seller's desk."""

from django.urls import path

from apps.trades.selling import views

urlpatterns = [
    path("orders/", views.to_ship, name="orders"),
    path("orders/pick-list/", views.pick_list, name="orders-pick"),
    path("orders/slips.pdf", views.slips, name="orders-slips"),
    path("orders/labels.pdf", views.labels, name="orders-labels"),
    path("orders/tracking/", views.parcels, name="orders-tracking"),
    path("orders/tracking.csv", views.parcels_form, name="orders-tracking-form"),
    path("statements/", views.statement_now, name="statements"),
    path("statements/<int:year>/", views.statement, name="statement-year"),
    path("statements/<int:year>/<int:month>/", views.statement, name="statement-month"),
]
