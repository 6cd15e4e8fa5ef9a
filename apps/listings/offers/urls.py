"""Web and REST routes of bargaining. Checking out at an agreed price is a trade's."""

from django.urls import path

from apps.listings.offers import api, views

urlpatterns = [
    path("offers/", views.offers, name="offers"),
    path("offers/<uuid:pk>/", views.offer, name="offer"),
    path("offers/<uuid:pk>/accept/", views.accept, name="offer-accept"),
    path("offers/<uuid:pk>/decline/", views.decline, name="offer-decline"),
    path("offers/<uuid:pk>/withdraw/", views.withdraw, name="offer-withdraw"),
    path("offers/<uuid:pk>/counter/", views.counter, name="offer-counter"),
    path("listings/<uuid:pk>/offer/", views.make, name="offer-make"),
    path("listings/<uuid:pk>/offer-terms/", views.terms, name="offer-terms"),
]
api_urlpatterns = [
    path("offers", api.OfferList.as_view(), name="api-offers"),
    path("offers/<uuid:pk>", api.OfferDetail.as_view(), name="api-offer"),
    path("offers/<uuid:pk>/accept", api.OfferAccept.as_view(), name="api-offer-accept"),
    path("offers/<uuid:pk>/decline", api.OfferDecline.as_view(), name="api-offer-decline"),
    path("offers/<uuid:pk>/withdraw", api.OfferWithdraw.as_view(), name="api-offer-withdraw"),
    path("offers/<uuid:pk>/counter", api.OfferCounter.as_view(), name="api-offer-counter"),
    path("listings/<uuid:pk>/offer-terms", api.Terms.as_view(), name="api-offer-terms"),
]
