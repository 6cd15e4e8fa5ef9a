"""Web and REST routes of swaps."""

from django.urls import path

from apps.trades.swaps import api, views

urlpatterns = [
    path("swaps/", views.swaps, name="swaps"),
    path("swaps/matches/", views.matches, name="swap-matches"),
    path("swaps/with/<uuid:pk>/", views.new, name="swap-new"),
    path("swaps/ring/<uuid:pk>/<uuid:last>/", views.ring, name="swap-ring"),
    path("swaps/<uuid:pk>/", views.swap, name="swap"),
    path("swaps/<uuid:pk>/counter/", views.counter, name="swap-counter"),
    path("swaps/<uuid:pk>/agree/", views.agree, name="swap-agree"),
    path("swaps/<uuid:pk>/decline/", views.decline, name="swap-decline"),
    path("swaps/<uuid:pk>/withdraw/", views.withdraw, name="swap-withdraw"),
    path("swaps/<uuid:pk>/pay/", views.pay, name="swap-pay"),
    path("swaps/<uuid:pk>/ship/", views.ship, name="swap-ship"),
    path("swaps/<uuid:pk>/received/", views.received, name="swap-received"),
    path("swaps/<uuid:pk>/content/", views.content, name="swap-content"),
    path("swaps/<uuid:pk>/cancel/", views.cancel, name="swap-cancel"),
    path("swaps/<uuid:pk>/problem/", views.object_to, name="swap-object"),
    path("swaps/<uuid:pk>/answer/", views.answer, name="swap-answer"),
    path("swaps/<uuid:pk>/evidence/", views.evidence, name="swap-evidence"),
    path("swaps/<uuid:pk>/withdraw-case/", views.withdraw_case, name="swap-withdraw-case"),
    path("swaps/<uuid:pk>/messages/", views.say, name="swap-say"),
    path("swaps/<uuid:pk>/review/", views.review, name="swap-review"),
]
api_urlpatterns = [
    path("swaps", api.SwapList.as_view(), name="api-swaps"),
    path("swaps/rings", api.RingList.as_view(), name="api-swap-rings"),
    path("swaps/<uuid:pk>", api.SwapDetail.as_view(), name="api-swap"),
    path("swaps/<uuid:pk>/counter", api.SwapCounter.as_view(), name="api-swap-counter"),
    path("swaps/<uuid:pk>/agree", api.SwapAgree.as_view(), name="api-swap-agree"),
    path("swaps/<uuid:pk>/decline", api.SwapDecline.as_view(), name="api-swap-decline"),
    path("swaps/<uuid:pk>/withdraw", api.SwapWithdraw.as_view(), name="api-swap-withdraw"),
    path("swaps/<uuid:pk>/pay", api.SwapPay.as_view(), name="api-swap-pay"),
    path("swaps/<uuid:pk>/ship", api.SwapShip.as_view(), name="api-swap-ship"),
    path("swaps/<uuid:pk>/receive", api.SwapReceive.as_view(), name="api-swap-receive"),
    path("swaps/<uuid:pk>/content", api.SwapContent.as_view(), name="api-swap-content"),
    path("swaps/<uuid:pk>/cancel", api.SwapCancel.as_view(), name="api-swap-cancel"),
    path("swaps/<uuid:pk>/problem", api.SwapObject.as_view(), name="api-swap-object"),
    path("swaps/<uuid:pk>/messages", api.SwapMessages.as_view(), name="api-swap-messages"),
    path("swaps/<uuid:pk>/review", api.SwapReview.as_view(), name="api-swap-review"),
]
