"""Routes of the kernel: health and the API's documentation page."""

from django.urls import path

from apps.core import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("design/", views.design, name="design"),
]
