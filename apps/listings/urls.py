"""Web routes of selling, and of the card page."""

from django.urls import path

from apps.listings import search_views, shipping_views, views
from apps.listings.selling import views as selling_views
from apps.listings.watching import views as watching_views

urlpatterns = [
    path("cards/<uuid:pk>/", views.card, name="card"),
    path("sets/<uuid:pk>/", views.release, name="release"),
    path("sell/", views.sell, name="sell"),
    path("market/", search_views.market, name="market"),
    path("market/searches/", search_views.searches, name="searches"),
    path("market/searches/save/", search_views.save, name="search-save"),
    path("market/searches/<uuid:pk>/on/", search_views.set_on, name="search-on"),
    path("market/searches/<uuid:pk>/delete/", search_views.delete, name="search-delete"),
    path("country/", shipping_views.choose, name="country"),
    path("sell/many/", selling_views.many, name="sell-many"),
    path("sell/away/", selling_views.away, name="sell-away"),
    path("sell/reprice/", selling_views.reprice, name="reprice"),
    path("sell/reprice/rules/", selling_views.rules, name="repricing-rules"),
    path("sell/reprice/rules/<uuid:pk>/forget/", selling_views.forget, name="repricing-rule-forget"),
    path("sell/reprice/<uuid:pk>/", selling_views.repricing, name="repricing"),
    path("sell/reprice/<uuid:pk>/apply/", selling_views.apply, name="repricing-apply"),
    path("sell/reprice/<uuid:pk>/undo/", selling_views.undo, name="repricing-undo"),
    path("sell/shipping/", shipping_views.profiles, name="shipping"),
    path("sell/shipping/new/", shipping_views.new, name="shipping-new"),
    path("sell/shipping/<uuid:pk>/", shipping_views.profile, name="shipping-profile"),
    path("sell/shipping/<uuid:pk>/remove/", shipping_views.remove, name="shipping-remove"),
    path("sell/<uuid:item>/", views.list_item, name="list-item"),
    path("listings/<uuid:pk>/", views.listing, name="listing"),
    path("listings/<uuid:pk>/change/", views.change, name="listing-change"),
    path("listings/<uuid:pk>/pause/", views.set_paused, name="listing-pause"),
    path("listings/<uuid:pk>/watch/", watching_views.watch, name="listing-watch"),
    path("watching/", watching_views.watching, name="watching"),
    path("listings/<uuid:pk>/withdraw/", views.withdraw, name="listing-withdraw"),
]
