"""Web and REST routes of sessions."""

from django.urls import path
from django.views.generic import RedirectView

from apps.accounts.sessions import api, views

urlpatterns = [
    path("me/sessions/", views.sessions, name="sessions"),
    path("me/sessions/others/end/", views.end_others, name="sessions-end-others"),
    path("me/sessions/<int:pk>/end/", views.end_session, name="session-end"),
    path("me/programs/<uuid:pk>/end/", views.end_program, name="program-end"),
    # Before the library's page of the same address, which cannot end one session.
    path("accounts/sessions/", RedirectView.as_view(pattern_name="sessions"), name="usersessions_list"),
]
api_urlpatterns = [
    path("sessions", api.SessionList.as_view(), name="api-sessions"),
    path("sessions/<int:pk>", api.DeviceDetail.as_view(), name="api-session"),
    path("sessions/programs/<uuid:pk>", api.ProgramDetail.as_view(), name="api-program"),
]
