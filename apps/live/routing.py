"""The one websocket route."""

from django.urls import path

from apps.live.consumers import live_socket

websocket_urlpatterns = [path("ws/", live_socket)]
