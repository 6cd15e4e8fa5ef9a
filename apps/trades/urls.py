"""Web routes of buying, of the trade room, and of a member as others see them."""

from django.urls import include, path

from apps.trades import views

urlpatterns = [
    path("members/<uuid:pk>/", views.member, name="member"),
    path("checkout/<uuid:listing>/", views.checkout, name="checkout"),
    path("", include("apps.trades.selling.urls")),
    path("trades/", views.trades, name="trades"),
    path("trades/<uuid:pk>/", views.trade, name="trade"),
    path("trades/<uuid:pk>/pay/", views.pay, name="trade-pay"),
    path("trades/<uuid:pk>/ship/", views.ship, name="trade-ship"),
    path("trades/<uuid:pk>/received/", views.received, name="trade-received"),
    path("trades/<uuid:pk>/release/", views.release, name="trade-release"),
    path("trades/<uuid:pk>/cancel/", views.cancel, name="trade-cancel"),
    path("trades/<uuid:pk>/refund/", views.give_back, name="trade-refund"),
    path("trades/<uuid:pk>/give-back/", views.give_back_late, name="trade-give-back"),
    path("trades/<uuid:pk>/withdraw/", views.withdraw, name="trade-withdraw"),
    path("trades/<uuid:pk>/dispute/", views.dispute, name="trade-dispute"),
    path("trades/<uuid:pk>/answer/", views.answer, name="trade-answer"),
    path("trades/<uuid:pk>/evidence/", views.evidence, name="trade-evidence"),
    path("trades/<uuid:pk>/messages/", views.say, name="trade-say"),
    path("trades/<uuid:pk>/review/", views.review, name="trade-review"),
]
