"""REST routes of trades."""

from django.urls import include, path

from apps.trades import api

urlpatterns = [
    path("", include("apps.trades.selling.api_urls")),
    path("trades", api.TradeList.as_view(), name="api-trades"),
    path("trades/<uuid:pk>", api.TradeDetail.as_view(), name="api-trade"),
    path("trades/<uuid:pk>/pay", api.TradePay.as_view(), name="api-trade-pay"),
    path("trades/<uuid:pk>/ship", api.TradeShip.as_view(), name="api-trade-ship"),
    path("trades/<uuid:pk>/receive", api.TradeReceive.as_view(), name="api-trade-receive"),
    path("trades/<uuid:pk>/release", api.TradeRelease.as_view(), name="api-trade-release"),
    path("trades/<uuid:pk>/cancel", api.TradeCancel.as_view(), name="api-trade-cancel"),
    path("trades/<uuid:pk>/dispute", api.TradeDispute.as_view(), name="api-trade-dispute"),
    path("trades/<uuid:pk>/answer", api.TradeAnswer.as_view(), name="api-trade-answer"),
    path("trades/<uuid:pk>/evidence", api.TradeEvidence.as_view(), name="api-trade-evidence"),
    path("trades/<uuid:pk>/give-back", api.TradeGiveBack.as_view(), name="api-trade-give-back"),
    path("trades/<uuid:pk>/withdraw", api.TradeWithdraw.as_view(), name="api-trade-withdraw"),
    path("trades/<uuid:pk>/refund", api.TradeRefund.as_view(), name="api-trade-refund"),
    path("trades/<uuid:pk>/messages", api.TradeMessages.as_view(), name="api-trade-messages"),
    path("trades/<uuid:pk>/review", api.TradeReview.as_view(), name="api-trade-review"),
]
