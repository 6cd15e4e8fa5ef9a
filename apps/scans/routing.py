"""Websocket routes of scans."""

from django.urls import path

from apps.scans.consumers import ScanConsumer

websocket_urlpatterns = [path("ws/scans/<uuid:pk>/", ScanConsumer.as_asgi())]
