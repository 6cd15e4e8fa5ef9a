"""Web routes of selling, and of the card page."""

from django.urls import path

from apps.listings import views

urlpatterns = [
    path("cards/<uuid:pk>/", views.card, name="card"),
    path("sets/<uuid:pk>/", views.release, name="release"),
    path("sell/", views.sell, name="sell"),
    path("sell/shipping/", views.shipping, name="shipping"),
    path("sell/<uuid:item>/", views.list_item, name="list-item"),
    path("listings/<uuid:pk>/", views.listing, name="listing"),
    path("listings/<uuid:pk>/change/", views.change, name="listing-change"),
    path("listings/<uuid:pk>/pause/", views.set_paused, name="listing-pause"),
    path("listings/<uuid:pk>/withdraw/", views.withdraw, name="listing-withdraw"),
]
