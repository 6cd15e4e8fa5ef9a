"""Web routes of the app."""

from django.urls import path

from apps.escrow import views

urlpatterns = [
    path("webhooks/stripe/", views.webhook, name="webhook"),
    path("pay/return/<uuid:payment>/", views.pay_return, name="pay-return"),
    path("sell/payouts/", views.onboarding, name="onboarding"),
    path("sell/payouts/return/", views.onboarding_return, name="onboarding-return"),
    path("sell/payouts/dashboard/", views.payout_dashboard, name="payout-dashboard"),
    path("fees/", views.fee_page, name="fees"),
    path("protection/", views.protection, name="protection"),
]
