"""Routes of cases, web and REST."""

from django.urls import path

from apps.escrow.cases import api, views

urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/<uuid:pk>/", views.case, name="case"),
    path("cases/<uuid:pk>/documents/<uuid:piece>/", views.document, name="case-document"),
    *(path(f"cases/<uuid:pk>/{step}/", view, name=f"case-{step}") for step, view in views.step_views.items()),
]
api_urlpatterns = [
    path("cases", api.CaseList.as_view(), name="api-cases"),
    path("cases/figures", api.CaseFigures.as_view(), name="api-case-figures"),
    path("cases/<uuid:pk>", api.CaseDetail.as_view(), name="api-case"),
    path("cases/<uuid:pk>/documents/<uuid:piece>", api.CaseDocument.as_view(), name="api-case-document"),
    *(
        path(f"cases/<uuid:pk>/{step}", view.as_view(), name=f"api-case-{step}")
        for step, view in api.step_views.items()
    ),
]
