"""Headers that every answer carries beside Django's own."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# What pages may ask a browser for: the camera for scans on our own pages, passkeys, nothing else.
_ALLOWED = {
    "accelerometer": "()",
    "autoplay": "()",
    "browsing-topics": "()",
    "camera": "(self)",
    "display-capture": "()",
    "encrypted-media": "()",
    "fullscreen": "(self)",
    "geolocation": "()",
    "gyroscope": "()",
    "hid": "()",
    "magnetometer": "()",
    "microphone": "()",
    "midi": "()",
    "payment": "()",
    "publickey-credentials-create": "(self)",
    "publickey-credentials-get": "(self)",
    "serial": "()",
    "usb": "()",
    "xr-spatial-tracking": "()",
}
PERMISSIONS = ", ".join(f"{name}={who}" for name, who in _ALLOWED.items())


def security_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Permissions-Policy and Cross-Origin-Resource-Policy; pictures of cards may be shown by other sites."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        public = request.path.startswith(settings.MEDIA_URL)
        response.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if public else "same-origin")
        return response

    return middleware
