"""Web routes of wants and haves."""

from django.urls import path

from apps.listings.wants import views

urlpatterns = [
    path("wants/", views.lists, name="wants"),
    path("wants/<uuid:pk>/", views.want_list, name="want-list"),
    path("wants/<uuid:pk>/change/", views.change_list, name="want-list-change"),
    path("wants/lines/<uuid:pk>/", views.change_want, name="want"),
    path("haves/", views.haves, name="haves"),
    path("haves/<uuid:item>/", views.mark, name="have"),
]
